-- What people write about programs.

CREATE TABLE codeio.program_note (
    program_id uuid CONSTRAINT program_note_pk PRIMARY KEY CONSTRAINT program_note_program_fk REFERENCES codeio.program,
    note text NOT NULL,
    stage_run_id uuid NOT NULL CONSTRAINT program_note_stage_run_fk REFERENCES codeio.stage_run
);
COMMENT ON TABLE codeio.program_note IS 'What a person wrote about a program.';
COMMENT ON COLUMN codeio.program_note.program_id IS 'The program.';
COMMENT ON COLUMN codeio.program_note.note IS 'The words.';
COMMENT ON COLUMN codeio.program_note.stage_run_id IS 'Who wrote it.';

CREATE TABLE codeio.program_note (
    program_id uuid NOT NULL,
    note text NOT NULL,
    stage_run_id uuid NOT NULL,
    CONSTRAINT program_note_pkey PRIMARY KEY (program_id),
    CONSTRAINT program_note_program_fkey FOREIGN KEY (program_id) REFERENCES codeio.program (program_id),
    CONSTRAINT program_note_stage_run_fkey FOREIGN KEY (stage_run_id) REFERENCES codeio.stage_run (stage_run_id)
);
COMMENT ON TABLE codeio.program_note IS 'What a person wrote about a program.';
COMMENT ON COLUMN codeio.program_note.program_id IS 'The program.';
COMMENT ON COLUMN codeio.program_note.note IS 'The words.';
COMMENT ON COLUMN codeio.program_note.stage_run_id IS 'The stage run that wrote the row.';

GRANT SELECT, INSERT ON codeio.program_note TO codeio_app;
GRANT SELECT ON codeio.program_note TO codeio_auditor;

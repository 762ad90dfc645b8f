-- How long programs are.

CREATE TABLE codeio.program_length (
    program_id uuid CONSTRAINT program_length_pk PRIMARY KEY
        CONSTRAINT program_length_program_fk REFERENCES codeio.program,
    lines integer NOT NULL,
    stage_run_id uuid NOT NULL CONSTRAINT program_length_stage_run_fk REFERENCES codeio.stage_run
);
COMMENT ON TABLE codeio.program_length IS 'How long a program is.';
COMMENT ON COLUMN codeio.program_length.program_id IS 'The program.';
COMMENT ON COLUMN codeio.program_length.lines IS 'Lines of its main function.';
COMMENT ON COLUMN codeio.program_length.stage_run_id IS 'Who wrote it.';

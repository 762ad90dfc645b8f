-- What sampling shows of a program, and whether a sandbox image held against attacks.

CREATE TABLE codeio.program_measure (
    program_id uuid CONSTRAINT program_measure_pk PRIMARY KEY
        CONSTRAINT program_measure_program_fk REFERENCES codeio.program,
    calls integer NOT NULL,
    outputs integer NOT NULL,
    distinct_outputs integer NOT NULL,
    constant boolean NOT NULL,
    boolean_share double precision NOT NULL,
    float_share double precision NOT NULL,
    mean_wall_ms double precision NOT NULL,
    cpu_ms double precision NOT NULL,
    peak_rss_kib integer NOT NULL,
    stage_run_id uuid NOT NULL CONSTRAINT program_measure_stage_run_fk REFERENCES codeio.stage_run
);
COMMENT ON TABLE codeio.program_measure IS 'What sampling shows of a program that returned something, whether it was kept or dropped.';
COMMENT ON COLUMN codeio.program_measure.program_id IS 'The program.';
COMMENT ON COLUMN codeio.program_measure.calls IS 'Distinct inputs it was called with.';
COMMENT ON COLUMN codeio.program_measure.outputs IS 'Calls that gave an output within the size rules.';
COMMENT ON COLUMN codeio.program_measure.distinct_outputs IS 'Distinct values among those outputs.';
COMMENT ON COLUMN codeio.program_measure.constant IS 'Whether several inputs gave one and the same output.';
COMMENT ON COLUMN codeio.program_measure.boolean_share IS 'Share of outputs that are true or false, from 0 to 1.';
COMMENT ON COLUMN codeio.program_measure.float_share IS 'Share of outputs that hold a fraction anywhere, from 0 to 1.';
COMMENT ON COLUMN codeio.program_measure.mean_wall_ms IS 'Mean wall-clock time of those calls in milliseconds.';
COMMENT ON COLUMN codeio.program_measure.cpu_ms IS 'CPU time of all its calls in milliseconds, loading included.';
COMMENT ON COLUMN codeio.program_measure.peak_rss_kib IS 'Largest resident memory of its processes in KiB, the runner included.';
COMMENT ON COLUMN codeio.program_measure.stage_run_id IS 'Who sampled it.';

CREATE TABLE codeio.sandbox_check (
    sandbox_check_id uuid CONSTRAINT sandbox_check_pk PRIMARY KEY,
    image_digest text NOT NULL,
    programs integer NOT NULL,
    escaped json NOT NULL,
    checked_at timestamptz NOT NULL DEFAULT now(),
    stage_run_id uuid NOT NULL CONSTRAINT sandbox_check_stage_run_fk REFERENCES codeio.stage_run
);
COMMENT ON TABLE codeio.sandbox_check IS 'The hostile programs run against a sandbox image.';
COMMENT ON COLUMN codeio.sandbox_check.sandbox_check_id IS 'Derived from the image and the stage run.';
COMMENT ON COLUMN codeio.sandbox_check.image_digest IS 'Digest of the files that the image was built from.';
COMMENT ON COLUMN codeio.sandbox_check.programs IS 'Hostile programs that ran.';
COMMENT ON COLUMN codeio.sandbox_check.escaped IS 'Those that were not contained: [{name, complaint, traces}].';
COMMENT ON COLUMN codeio.sandbox_check.checked_at IS 'When.';
COMMENT ON COLUMN codeio.sandbox_check.stage_run_id IS 'Who checked.';

CREATE VIEW codeio.current_sandbox_check AS
SELECT DISTINCT ON (sandbox_check.image_digest)
    sandbox_check.image_digest, sandbox_check.programs, json_array_length(sandbox_check.escaped) AS escapes,
    sandbox_check.escaped, sandbox_check.checked_at
FROM codeio.sandbox_check
ORDER BY sandbox_check.image_digest, sandbox_check.checked_at DESC, sandbox_check.sandbox_check_id;
COMMENT ON VIEW codeio.current_sandbox_check IS 'The latest check of each sandbox image; while one shows an escape, no stage runs programs in that image.';

COMMENT ON COLUMN codeio.stage_run.stage IS 'Stage of the pipeline: ingest, transform, sample, prompt, answer, verify, revise, gate, promote; canary attacks the sandbox.';

GRANT SELECT ON codeio.program_measure, codeio.sandbox_check, codeio.current_sandbox_check TO codeio_app, codeio_auditor;
GRANT INSERT ON codeio.program_measure, codeio.sandbox_check TO codeio_app;

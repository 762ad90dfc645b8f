-- From programs to verdicts, with what was dropped on the way.

CREATE TABLE codeio.program (
    program_id uuid CONSTRAINT program_pk PRIMARY KEY,
    raw_file_id uuid NOT NULL CONSTRAINT program_raw_file_fk REFERENCES codeio.raw_file,
    language text NOT NULL,
    entry_point text NOT NULL,
    main_function text NOT NULL,
    input_generator text NOT NULL,
    io_description text NOT NULL,
    problem_statement text NOT NULL,
    provenance json NOT NULL,
    teacher_call_id uuid NOT NULL CONSTRAINT program_teacher_call_fk REFERENCES codeio.teacher_call,
    stage_run_id uuid NOT NULL CONSTRAINT program_stage_run_fk REFERENCES codeio.stage_run
);
CREATE INDEX program_raw_file ON codeio.program (raw_file_id);
COMMENT ON TABLE codeio.program IS 'A raw file in the unified form: a function with JSON inputs and output.';
COMMENT ON COLUMN codeio.program.program_id IS 'Derived from the four parts and the raw file.';
COMMENT ON COLUMN codeio.program.raw_file_id IS 'The file it was made from.';
COMMENT ON COLUMN codeio.program.language IS 'Language of the main function.';
COMMENT ON COLUMN codeio.program.entry_point IS 'Function that is called.';
COMMENT ON COLUMN codeio.program.main_function IS 'Reference code that holds the entry point.';
COMMENT ON COLUMN codeio.program.input_generator IS 'Code of input_generator(), which draws one input.';
COMMENT ON COLUMN codeio.program.io_description IS 'Types and meaning of inputs and output.';
COMMENT ON COLUMN codeio.program.problem_statement IS 'The problem in prose.';
COMMENT ON COLUMN codeio.program.provenance IS
'What the teacher said of its work: kind, evidence, source of the statement.';
COMMENT ON COLUMN codeio.program.teacher_call_id IS 'The request that wrote it.';
COMMENT ON COLUMN codeio.program.stage_run_id IS 'Who wrote it.';

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
COMMENT ON TABLE codeio.program_measure IS
'What sampling shows of a program that returned something, whether it was kept or dropped.';
COMMENT ON COLUMN codeio.program_measure.program_id IS 'The program.';
COMMENT ON COLUMN codeio.program_measure.calls IS 'Distinct inputs it was called with.';
COMMENT ON COLUMN codeio.program_measure.outputs IS 'Calls that gave an output within the size rules.';
COMMENT ON COLUMN codeio.program_measure.distinct_outputs IS 'Distinct values among those outputs.';
COMMENT ON COLUMN codeio.program_measure.constant IS 'Whether several inputs gave one and the same output.';
COMMENT ON COLUMN codeio.program_measure.boolean_share IS 'Share of outputs that are true or false, from 0 to 1.';
COMMENT ON COLUMN codeio.program_measure.float_share IS 'Share of outputs that hold a fraction anywhere, from 0 to 1.';
COMMENT ON COLUMN codeio.program_measure.mean_wall_ms IS 'Mean wall-clock time of those calls in milliseconds.';
COMMENT ON COLUMN codeio.program_measure.cpu_ms IS 'CPU time of all its calls in milliseconds, loading included.';
COMMENT ON COLUMN codeio.program_measure.peak_rss_kib IS
'Largest resident memory of its processes in KiB, the runner included.';
COMMENT ON COLUMN codeio.program_measure.stage_run_id IS 'Who sampled it.';

CREATE TABLE codeio.io_pair (
    io_pair_id uuid CONSTRAINT io_pair_pk PRIMARY KEY,
    program_id uuid NOT NULL CONSTRAINT io_pair_program_fk REFERENCES codeio.program,
    ordinal integer NOT NULL,
    input json NOT NULL,
    input_sha256 text NOT NULL,
    output json NOT NULL,
    output_sha256 text NOT NULL,
    wall_ms double precision NOT NULL,
    stage_run_id uuid NOT NULL CONSTRAINT io_pair_stage_run_fk REFERENCES codeio.stage_run,
    CONSTRAINT io_pair_input UNIQUE (program_id, input_sha256),
    CONSTRAINT io_pair_ordinal UNIQUE (program_id, ordinal)
);
CREATE INDEX io_pair_wall_ms ON codeio.io_pair (wall_ms DESC);
COMMENT ON TABLE codeio.io_pair IS 'An input with the output the program gave, twice, in two containers.';
COMMENT ON COLUMN codeio.io_pair.io_pair_id IS 'Derived from program and input.';
COMMENT ON COLUMN codeio.io_pair.program_id IS 'The program.';
COMMENT ON COLUMN codeio.io_pair.ordinal IS 'Order in which it was drawn, from 0.';
COMMENT ON COLUMN codeio.io_pair.input IS
'Keyword arguments, as they were before the call; json keeps keys and numbers as written.';
COMMENT ON COLUMN codeio.io_pair.input_sha256 IS 'sha256 of the canonical form of the input.';
COMMENT ON COLUMN codeio.io_pair.output IS 'What the call returned.';
COMMENT ON COLUMN codeio.io_pair.output_sha256 IS 'sha256 of the canonical form of the output.';
COMMENT ON COLUMN codeio.io_pair.wall_ms IS 'Wall-clock time of the first call in milliseconds.';
COMMENT ON COLUMN codeio.io_pair.stage_run_id IS 'Who wrote it.';

CREATE TABLE codeio.pair_check (
    pair_check_id uuid CONSTRAINT pair_check_pk PRIMARY KEY,
    io_pair_id uuid NOT NULL CONSTRAINT pair_check_io_pair_fk REFERENCES codeio.io_pair,
    sandbox_image_digest text NOT NULL,
    outcome text NOT NULL,
    holds boolean NOT NULL,
    checked_at timestamptz NOT NULL DEFAULT now(),
    stage_run_id uuid NOT NULL CONSTRAINT pair_check_stage_run_fk REFERENCES codeio.stage_run,
    CONSTRAINT pair_check_once UNIQUE (io_pair_id, sandbox_image_digest)
);
COMMENT ON TABLE codeio.pair_check IS 'A pair run again in another sandbox image than the one that drew it.';
COMMENT ON COLUMN codeio.pair_check.pair_check_id IS 'Derived from pair and image.';
COMMENT ON COLUMN codeio.pair_check.io_pair_id IS 'The pair.';
COMMENT ON COLUMN codeio.pair_check.sandbox_image_digest IS 'Digest of the image that ran it again.';
COMMENT ON COLUMN codeio.pair_check.outcome IS 'same_output, other_output, or what became of the call.';
COMMENT ON COLUMN codeio.pair_check.holds IS 'Whether the output is the stored one.';
COMMENT ON COLUMN codeio.pair_check.checked_at IS 'When.';
COMMENT ON COLUMN codeio.pair_check.stage_run_id IS 'Who wrote it.';

CREATE TABLE codeio.prompt (
    prompt_id uuid CONSTRAINT prompt_pk PRIMARY KEY,
    io_pair_id uuid NOT NULL CONSTRAINT prompt_io_pair_fk REFERENCES codeio.io_pair,
    direction text NOT NULL CONSTRAINT prompt_direction CHECK (direction IN ('output', 'input')),
    template_sha256 text NOT NULL,
    body text NOT NULL,
    stage_run_id uuid NOT NULL CONSTRAINT prompt_stage_run_fk REFERENCES codeio.stage_run,
    CONSTRAINT prompt_once UNIQUE (io_pair_id, direction, template_sha256)
);
COMMENT ON TABLE codeio.prompt IS 'A question: predict the output, or a feasible input.';
COMMENT ON COLUMN codeio.prompt.prompt_id IS 'Derived from pair, direction and template.';
COMMENT ON COLUMN codeio.prompt.io_pair_id IS 'The pair it asks about.';
COMMENT ON COLUMN codeio.prompt.direction IS 'What is to be predicted: output or input.';
COMMENT ON COLUMN codeio.prompt.template_sha256 IS 'Fingerprint of the template.';
COMMENT ON COLUMN codeio.prompt.body IS 'The text sent.';
COMMENT ON COLUMN codeio.prompt.stage_run_id IS 'Who wrote it.';

CREATE TABLE codeio.response (
    response_id uuid CONSTRAINT response_pk PRIMARY KEY,
    prompt_id uuid NOT NULL CONSTRAINT response_prompt_fk REFERENCES codeio.prompt,
    turn integer NOT NULL CONSTRAINT response_turn CHECK (turn >= 1),
    rollout integer NOT NULL,
    teacher_id uuid NOT NULL CONSTRAINT response_teacher_fk REFERENCES codeio.teacher,
    body text NOT NULL,
    reasoning text NOT NULL,
    provenance json NOT NULL,
    teacher_call_id uuid NOT NULL CONSTRAINT response_teacher_call_fk REFERENCES codeio.teacher_call,
    stage_run_id uuid NOT NULL CONSTRAINT response_stage_run_fk REFERENCES codeio.stage_run,
    CONSTRAINT response_once UNIQUE (prompt_id, turn, teacher_id, rollout)
);
COMMENT ON TABLE codeio.response IS 'What a teacher answered to a prompt; turn 2 answers the feedback on turn 1.';
COMMENT ON COLUMN codeio.response.response_id IS 'Derived from prompt, turn, teacher and rollout.';
COMMENT ON COLUMN codeio.response.prompt_id IS 'The prompt.';
COMMENT ON COLUMN codeio.response.turn IS '1 is the first answer, 2 the revision.';
COMMENT ON COLUMN codeio.response.rollout IS 'Independent answer to the same prompt, from 0.';
COMMENT ON COLUMN codeio.response.teacher_id IS 'Who answered.';
COMMENT ON COLUMN codeio.response.body IS 'The answer: reasoning in prose that ends in JSON.';
COMMENT ON COLUMN codeio.response.reasoning IS 'Hidden reasoning, when the endpoint returns it.';
COMMENT ON COLUMN codeio.response.provenance IS 'What the teacher said of its rationale: kind, budget, hidden share.';
COMMENT ON COLUMN codeio.response.teacher_call_id IS 'The request.';
COMMENT ON COLUMN codeio.response.stage_run_id IS 'Who wrote it.';

CREATE TABLE codeio.verdict (
    verdict_id uuid CONSTRAINT verdict_pk PRIMARY KEY,
    response_id uuid NOT NULL CONSTRAINT verdict_response_fk REFERENCES codeio.response,
    verifier_version text NOT NULL,
    verdict text NOT NULL CONSTRAINT verdict_verdict CHECK (verdict IN (
        'correct', 'wrong', 'no_json', 'not_object', 'field_missing', 'exception', 'timeout',
        'memory_limit', 'output_limit', 'not_json', 'crashed', 'load_error')),
    answer json,
    produced json,
    error_type text NOT NULL,
    error_message text NOT NULL,
    feedback text NOT NULL,
    stage_run_id uuid NOT NULL CONSTRAINT verdict_stage_run_fk REFERENCES codeio.stage_run
);
CREATE INDEX verdict_response ON codeio.verdict (response_id, verifier_version);
COMMENT ON TABLE codeio.verdict IS 'What execution says of a response.';
COMMENT ON COLUMN codeio.verdict.verdict_id IS 'Derived from response, verifier version and sandbox image.';
COMMENT ON COLUMN codeio.verdict.response_id IS 'The response.';
COMMENT ON COLUMN codeio.verdict.verifier_version IS 'Version of extraction, comparison and feedback.';
COMMENT ON COLUMN codeio.verdict.verdict IS 'correct, or how it is wrong.';
COMMENT ON COLUMN codeio.verdict.answer IS 'The value taken from the response; null when there is none.';
COMMENT ON COLUMN codeio.verdict.produced IS 'What the program returned for a predicted input; null otherwise.';
COMMENT ON COLUMN codeio.verdict.error_type IS 'Exception class, when the predicted input raised one.';
COMMENT ON COLUMN codeio.verdict.error_message IS 'Its text, untrusted.';
COMMENT ON COLUMN codeio.verdict.feedback IS 'What the teacher is told; it never reveals the truth.';
COMMENT ON COLUMN codeio.verdict.stage_run_id IS 'Who wrote it.';

CREATE TABLE codeio.drop_record (
    drop_record_id uuid CONSTRAINT drop_record_pk PRIMARY KEY,
    stage text NOT NULL,
    subject_id uuid NOT NULL,
    reason text NOT NULL,
    detail text NOT NULL,
    source_id uuid CONSTRAINT drop_record_source_fk REFERENCES codeio.source,
    stage_run_id uuid NOT NULL CONSTRAINT drop_record_stage_run_fk REFERENCES codeio.stage_run,
    dropped_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT drop_record_once UNIQUE (stage, subject_id)
);
CREATE INDEX drop_record_stage_run ON codeio.drop_record (stage_run_id);
CREATE INDEX drop_record_reason ON codeio.drop_record (stage, reason, drop_record_id);
CREATE INDEX drop_record_source ON codeio.drop_record (source_id) WHERE source_id IS NOT NULL;
COMMENT ON TABLE codeio.drop_record IS 'Why a row went no further. Every row moves on or has one of these.';
COMMENT ON COLUMN codeio.drop_record.drop_record_id IS 'Derived from stage and subject.';
COMMENT ON COLUMN codeio.drop_record.stage IS 'The stage that dropped it.';
COMMENT ON COLUMN codeio.drop_record.subject_id IS
'The row: an origin (ingest), raw file (transform), program (sample) or prompt (answer, revise).';
COMMENT ON COLUMN codeio.drop_record.reason IS 'A word that can be counted.';
COMMENT ON COLUMN codeio.drop_record.detail IS 'What a person needs to understand this one.';
COMMENT ON COLUMN codeio.drop_record.source_id IS
'The source that an origin was seen in; null for drops of later stages.';
COMMENT ON COLUMN codeio.drop_record.stage_run_id IS 'Who wrote it.';
COMMENT ON COLUMN codeio.drop_record.dropped_at IS 'When.';

CREATE TABLE codeio.requeued_drop (
    requeued_drop_id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT requeued_drop_pk PRIMARY KEY,
    drop_record_id uuid NOT NULL,
    stage text NOT NULL,
    subject_id uuid NOT NULL,
    reason text NOT NULL,
    detail text NOT NULL,
    source_id uuid CONSTRAINT requeued_drop_source_fk REFERENCES codeio.source,
    stage_run_id uuid NOT NULL CONSTRAINT requeued_drop_stage_run_fk REFERENCES codeio.stage_run,
    dropped_at timestamptz NOT NULL,
    requeued_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE codeio.requeued_drop IS 'Drops that were taken back so that their stage tries again.';
COMMENT ON COLUMN codeio.requeued_drop.requeued_drop_id IS 'Running number.';
COMMENT ON COLUMN codeio.requeued_drop.drop_record_id IS 'Id that the drop had.';
COMMENT ON COLUMN codeio.requeued_drop.stage IS 'The stage that had dropped it.';
COMMENT ON COLUMN codeio.requeued_drop.subject_id IS 'The row.';
COMMENT ON COLUMN codeio.requeued_drop.reason IS 'Why it was dropped.';
COMMENT ON COLUMN codeio.requeued_drop.detail IS 'The case in detail.';
COMMENT ON COLUMN codeio.requeued_drop.source_id IS
'The source that an origin was seen in; null for drops of later stages.';
COMMENT ON COLUMN codeio.requeued_drop.stage_run_id IS 'Who dropped it.';
COMMENT ON COLUMN codeio.requeued_drop.dropped_at IS 'When it was dropped.';
COMMENT ON COLUMN codeio.requeued_drop.requeued_at IS 'When it was taken back.';

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

-- The facts of the pipeline: append-only rows with content-derived ids.
-- Roles codeio_app and codeio_auditor exist before this runs (the stack creates them).

CREATE SCHEMA codeio;
COMMENT ON SCHEMA codeio IS 'Facts, releases and lineage of codeio-ops.';

CREATE TABLE codeio.stage_run (
    stage_run_id uuid CONSTRAINT stage_run_pk PRIMARY KEY,
    stage text NOT NULL,
    dag_id text NOT NULL,
    run_id text NOT NULL,
    task_id text NOT NULL,
    map_index integer NOT NULL,
    try_number integer NOT NULL,
    code_version text NOT NULL,
    settings_sha256 text NOT NULL,
    sandbox_image_digest text,
    started_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE codeio.stage_run IS 'One try of one task that wrote something. Every fact names the one that wrote it.';
COMMENT ON COLUMN codeio.stage_run.stage_run_id IS 'Derived from the Airflow ids and the try.';
COMMENT ON COLUMN codeio.stage_run.stage IS 'Stage of the pipeline: ingest, transform, sample, prompt, answer, verify, revise, gate, promote.';
COMMENT ON COLUMN codeio.stage_run.dag_id IS 'Airflow DAG, or cli when started from a shell.';
COMMENT ON COLUMN codeio.stage_run.run_id IS 'Airflow DAG run.';
COMMENT ON COLUMN codeio.stage_run.task_id IS 'Airflow task.';
COMMENT ON COLUMN codeio.stage_run.map_index IS 'Index of the mapped task, -1 when it is not mapped.';
COMMENT ON COLUMN codeio.stage_run.try_number IS 'Try of the task, from 1.';
COMMENT ON COLUMN codeio.stage_run.code_version IS 'Version of codeio-ops that ran.';
COMMENT ON COLUMN codeio.stage_run.settings_sha256 IS 'Fingerprint of the settings that decide results; secrets and addresses are not among them.';
COMMENT ON COLUMN codeio.stage_run.sandbox_image_digest IS 'Digest of the sandbox image in use; null where the stage runs no program.';
COMMENT ON COLUMN codeio.stage_run.started_at IS 'When the try wrote its first row.';

CREATE TABLE codeio.source (
    source_id uuid CONSTRAINT source_pk PRIMARY KEY,
    kind text NOT NULL CONSTRAINT source_kind CHECK (kind IN ('directory', 'pypi', 'jsonl')),
    locator text NOT NULL,
    licence text NOT NULL,
    paused boolean NOT NULL DEFAULT false,
    cursor_value text NOT NULL DEFAULT '',
    added_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT source_locator UNIQUE (kind, locator)
);
COMMENT ON TABLE codeio.source IS 'Where raw files come from.';
COMMENT ON COLUMN codeio.source.source_id IS 'Derived from kind and locator.';
COMMENT ON COLUMN codeio.source.kind IS 'Reader: directory, pypi or jsonl.';
COMMENT ON COLUMN codeio.source.locator IS 'Path, or package with version (name==version).';
COMMENT ON COLUMN codeio.source.licence IS 'SPDX id stated when the source was added; empty means the reader finds it out.';
COMMENT ON COLUMN codeio.source.paused IS 'Whether the nightly run skips it.';
COMMENT ON COLUMN codeio.source.cursor_value IS 'How far the source was read; written only after its files are durable.';
COMMENT ON COLUMN codeio.source.added_at IS 'When it was added.';

CREATE TABLE codeio.blob (
    sha256 text CONSTRAINT blob_pk PRIMARY KEY CONSTRAINT blob_sha256_hex CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    pack_key text NOT NULL,
    pack_offset bigint NOT NULL,
    pack_bytes integer NOT NULL,
    size_bytes integer NOT NULL,
    stage_run_id uuid NOT NULL CONSTRAINT blob_stage_run_fk REFERENCES codeio.stage_run
);
COMMENT ON TABLE codeio.blob IS 'Where a text lies in S3: a zstd frame inside a pack.';
COMMENT ON COLUMN codeio.blob.sha256 IS 'sha256 of the uncompressed bytes, in hex.';
COMMENT ON COLUMN codeio.blob.pack_key IS 'Key of the pack object in the bucket.';
COMMENT ON COLUMN codeio.blob.pack_offset IS 'First byte of the frame in the pack.';
COMMENT ON COLUMN codeio.blob.pack_bytes IS 'Length of the compressed frame.';
COMMENT ON COLUMN codeio.blob.size_bytes IS 'Length of the uncompressed bytes.';
COMMENT ON COLUMN codeio.blob.stage_run_id IS 'Who wrote it.';

CREATE TABLE codeio.raw_file (
    raw_file_id uuid CONSTRAINT raw_file_pk PRIMARY KEY,
    blob_sha256 text NOT NULL CONSTRAINT raw_file_blob_fk REFERENCES codeio.blob
        CONSTRAINT raw_file_blob UNIQUE,
    language text NOT NULL,
    size_bytes integer NOT NULL,
    stage_run_id uuid NOT NULL CONSTRAINT raw_file_stage_run_fk REFERENCES codeio.stage_run
);
COMMENT ON TABLE codeio.raw_file IS 'A distinct source file that passed the filters.';
COMMENT ON COLUMN codeio.raw_file.raw_file_id IS 'Derived from the sha256 of its bytes.';
COMMENT ON COLUMN codeio.raw_file.blob_sha256 IS 'Its content.';
COMMENT ON COLUMN codeio.raw_file.language IS 'Programming language.';
COMMENT ON COLUMN codeio.raw_file.size_bytes IS 'Length of the content.';
COMMENT ON COLUMN codeio.raw_file.stage_run_id IS 'Who wrote it.';

CREATE TABLE codeio.raw_file_origin (
    origin_id uuid CONSTRAINT raw_file_origin_pk PRIMARY KEY,
    raw_file_id uuid NOT NULL CONSTRAINT raw_file_origin_raw_file_fk REFERENCES codeio.raw_file,
    source_id uuid NOT NULL CONSTRAINT raw_file_origin_source_fk REFERENCES codeio.source,
    version text NOT NULL,
    path text NOT NULL,
    licence text NOT NULL,
    stage_run_id uuid NOT NULL CONSTRAINT raw_file_origin_stage_run_fk REFERENCES codeio.stage_run
);
CREATE INDEX raw_file_origin_raw_file ON codeio.raw_file_origin (raw_file_id);
CREATE INDEX raw_file_origin_source ON codeio.raw_file_origin (source_id);
COMMENT ON TABLE codeio.raw_file_origin IS 'A place where a raw file was seen; one file may have many.';
COMMENT ON COLUMN codeio.raw_file_origin.origin_id IS 'Derived from source, version, path and sha256.';
COMMENT ON COLUMN codeio.raw_file_origin.raw_file_id IS 'The file.';
COMMENT ON COLUMN codeio.raw_file_origin.source_id IS 'The source.';
COMMENT ON COLUMN codeio.raw_file_origin.version IS 'Version of the source (package version); empty when it has none.';
COMMENT ON COLUMN codeio.raw_file_origin.path IS 'Path inside the source.';
COMMENT ON COLUMN codeio.raw_file_origin.licence IS 'SPDX id, or NOASSERTION.';
COMMENT ON COLUMN codeio.raw_file_origin.stage_run_id IS 'Who wrote it.';

CREATE TABLE codeio.teacher (
    teacher_id uuid CONSTRAINT teacher_pk PRIMARY KEY,
    kind text NOT NULL CONSTRAINT teacher_kind CHECK (kind IN ('offline-trace', 'local-model', 'api-model')),
    model text NOT NULL,
    version text NOT NULL,
    endpoint_host text NOT NULL,
    stage_run_id uuid NOT NULL CONSTRAINT teacher_stage_run_fk REFERENCES codeio.stage_run
);
COMMENT ON TABLE codeio.teacher IS 'Who writes programs and responses.';
COMMENT ON COLUMN codeio.teacher.teacher_id IS 'Derived from the other columns.';
COMMENT ON COLUMN codeio.teacher.kind IS 'offline-trace (no model), local-model or api-model.';
COMMENT ON COLUMN codeio.teacher.model IS 'Model id sent with the request.';
COMMENT ON COLUMN codeio.teacher.version IS 'Version of the model or of the offline teacher.';
COMMENT ON COLUMN codeio.teacher.endpoint_host IS 'Host of the endpoint; empty for the offline teacher.';
COMMENT ON COLUMN codeio.teacher.stage_run_id IS 'Who wrote it.';

CREATE TABLE codeio.teacher_call (
    teacher_call_id uuid CONSTRAINT teacher_call_pk PRIMARY KEY,
    teacher_id uuid NOT NULL CONSTRAINT teacher_call_teacher_fk REFERENCES codeio.teacher,
    purpose text NOT NULL CONSTRAINT teacher_call_purpose CHECK (purpose IN ('transform', 'answer', 'revise')),
    subject_id uuid NOT NULL,
    template_sha256 text NOT NULL,
    parameters json NOT NULL,
    outcome text NOT NULL,
    finish_reason text NOT NULL,
    prompt_tokens integer NOT NULL,
    completion_tokens integer NOT NULL,
    cost_usd numeric(12, 6),
    latency_ms double precision NOT NULL,
    request_id text NOT NULL,
    stage_run_id uuid NOT NULL CONSTRAINT teacher_call_stage_run_fk REFERENCES codeio.stage_run
);
CREATE INDEX teacher_call_subject ON codeio.teacher_call (subject_id);
COMMENT ON TABLE codeio.teacher_call IS 'A request that a teacher answered or refused, with what it cost.';
COMMENT ON COLUMN codeio.teacher_call.teacher_call_id IS 'Derived from purpose, subject and stage run.';
COMMENT ON COLUMN codeio.teacher_call.teacher_id IS 'The teacher.';
COMMENT ON COLUMN codeio.teacher_call.purpose IS 'transform, answer or revise.';
COMMENT ON COLUMN codeio.teacher_call.subject_id IS 'The raw file or prompt the request was about.';
COMMENT ON COLUMN codeio.teacher_call.template_sha256 IS 'Fingerprint of the prompt template.';
COMMENT ON COLUMN codeio.teacher_call.parameters IS 'Sampling parameters of the request.';
COMMENT ON COLUMN codeio.teacher_call.outcome IS 'ok, or why the reply was of no use.';
COMMENT ON COLUMN codeio.teacher_call.finish_reason IS 'As the endpoint reported it.';
COMMENT ON COLUMN codeio.teacher_call.prompt_tokens IS 'As the endpoint reported it.';
COMMENT ON COLUMN codeio.teacher_call.completion_tokens IS 'As the endpoint reported it.';
COMMENT ON COLUMN codeio.teacher_call.cost_usd IS 'From the price table; null when the model is not in it.';
COMMENT ON COLUMN codeio.teacher_call.latency_ms IS 'From request to reply, retries included.';
COMMENT ON COLUMN codeio.teacher_call.request_id IS 'Id the endpoint gave the request.';
COMMENT ON COLUMN codeio.teacher_call.stage_run_id IS 'Who wrote it.';

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
COMMENT ON COLUMN codeio.program.provenance IS 'What the teacher said of its work: kind, evidence, source of the statement.';
COMMENT ON COLUMN codeio.program.teacher_call_id IS 'The request that wrote it.';
COMMENT ON COLUMN codeio.program.stage_run_id IS 'Who wrote it.';

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
COMMENT ON TABLE codeio.io_pair IS 'An input with the output the program gave, twice, in two containers.';
COMMENT ON COLUMN codeio.io_pair.io_pair_id IS 'Derived from program and input.';
COMMENT ON COLUMN codeio.io_pair.program_id IS 'The program.';
COMMENT ON COLUMN codeio.io_pair.ordinal IS 'Order in which it was drawn, from 0.';
COMMENT ON COLUMN codeio.io_pair.input IS 'Keyword arguments, as they were before the call; json keeps keys and numbers as written.';
COMMENT ON COLUMN codeio.io_pair.input_sha256 IS 'sha256 of the canonical form of the input.';
COMMENT ON COLUMN codeio.io_pair.output IS 'What the call returned.';
COMMENT ON COLUMN codeio.io_pair.output_sha256 IS 'sha256 of the canonical form of the output.';
COMMENT ON COLUMN codeio.io_pair.wall_ms IS 'Wall-clock time of the first call in milliseconds.';
COMMENT ON COLUMN codeio.io_pair.stage_run_id IS 'Who wrote it.';

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
    stage_run_id uuid NOT NULL CONSTRAINT verdict_stage_run_fk REFERENCES codeio.stage_run,
    CONSTRAINT verdict_once UNIQUE (response_id, verifier_version)
);
COMMENT ON TABLE codeio.verdict IS 'What execution says of a response.';
COMMENT ON COLUMN codeio.verdict.verdict_id IS 'Derived from response and verifier version.';
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
    stage_run_id uuid NOT NULL CONSTRAINT drop_record_stage_run_fk REFERENCES codeio.stage_run,
    dropped_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT drop_record_once UNIQUE (stage, subject_id)
);
COMMENT ON TABLE codeio.drop_record IS 'Why a row went no further. Every row moves on or has one of these.';
COMMENT ON COLUMN codeio.drop_record.drop_record_id IS 'Derived from stage and subject.';
COMMENT ON COLUMN codeio.drop_record.stage IS 'The stage that dropped it.';
COMMENT ON COLUMN codeio.drop_record.subject_id IS 'The row: an origin (ingest), raw file (transform), program (sample) or prompt (answer, revise).';
COMMENT ON COLUMN codeio.drop_record.reason IS 'A word that can be counted.';
COMMENT ON COLUMN codeio.drop_record.detail IS 'What a person needs to understand this one.';
COMMENT ON COLUMN codeio.drop_record.stage_run_id IS 'Who wrote it.';
COMMENT ON COLUMN codeio.drop_record.dropped_at IS 'When.';

CREATE TABLE codeio.sample (
    sample_id uuid CONSTRAINT sample_pk PRIMARY KEY,
    prompt_id uuid NOT NULL CONSTRAINT sample_prompt_fk REFERENCES codeio.prompt,
    first_verdict_id uuid NOT NULL CONSTRAINT sample_first_verdict_fk REFERENCES codeio.verdict,
    second_verdict_id uuid CONSTRAINT sample_second_verdict_fk REFERENCES codeio.verdict,
    stage_run_id uuid NOT NULL CONSTRAINT sample_stage_run_fk REFERENCES codeio.stage_run
);
CREATE INDEX sample_prompt ON codeio.sample (prompt_id);
COMMENT ON TABLE codeio.sample IS 'A finished conversation: prompt, first answer, and the revision if there was one.';
COMMENT ON COLUMN codeio.sample.sample_id IS 'Derived from prompt and verdicts.';
COMMENT ON COLUMN codeio.sample.prompt_id IS 'The prompt.';
COMMENT ON COLUMN codeio.sample.first_verdict_id IS 'Verdict on the first answer, which names the answer.';
COMMENT ON COLUMN codeio.sample.second_verdict_id IS 'Verdict on the revision; null when there was none.';
COMMENT ON COLUMN codeio.sample.stage_run_id IS 'Who wrote it.';

CREATE TABLE codeio.release (
    release_id uuid CONSTRAINT release_pk PRIMARY KEY,
    name text NOT NULL,
    version integer NOT NULL,
    recipe json NOT NULL,
    content_sha256 text NOT NULL,
    status text NOT NULL CONSTRAINT release_status CHECK (status IN ('candidate', 'rejected', 'published')),
    samples integer NOT NULL,
    uri text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now(),
    published_at timestamptz,
    stage_run_id uuid NOT NULL CONSTRAINT release_stage_run_fk REFERENCES codeio.stage_run,
    CONSTRAINT release_version UNIQUE (name, version),
    CONSTRAINT release_content UNIQUE (name, content_sha256)
);
COMMENT ON TABLE codeio.release IS 'A version of the dataset: first a candidate, then published or rejected.';
COMMENT ON COLUMN codeio.release.release_id IS 'Derived from name and content.';
COMMENT ON COLUMN codeio.release.name IS 'Name of the recipe.';
COMMENT ON COLUMN codeio.release.version IS 'From 1, per name.';
COMMENT ON COLUMN codeio.release.recipe IS 'What was selected and how it is written.';
COMMENT ON COLUMN codeio.release.content_sha256 IS 'sha256 over the content of all its samples and the recipe; the same facts give the same value.';
COMMENT ON COLUMN codeio.release.status IS 'candidate, rejected (a gate failed) or published.';
COMMENT ON COLUMN codeio.release.samples IS 'Number of samples.';
COMMENT ON COLUMN codeio.release.uri IS 'Where it is published; empty before.';
COMMENT ON COLUMN codeio.release.created_at IS 'When it was assembled.';
COMMENT ON COLUMN codeio.release.published_at IS 'When its manifest was written.';
COMMENT ON COLUMN codeio.release.stage_run_id IS 'Who assembled it.';

CREATE TABLE codeio.release_sample (
    release_id uuid NOT NULL CONSTRAINT release_sample_release_fk REFERENCES codeio.release,
    sample_id uuid NOT NULL CONSTRAINT release_sample_sample_fk REFERENCES codeio.sample,
    split text NOT NULL CONSTRAINT release_sample_split CHECK (split IN ('train', 'validation')),
    CONSTRAINT release_sample_pk PRIMARY KEY (release_id, sample_id)
);
CREATE INDEX release_sample_sample ON codeio.release_sample (sample_id);
COMMENT ON TABLE codeio.release_sample IS 'Which samples a release holds.';
COMMENT ON COLUMN codeio.release_sample.release_id IS 'The release.';
COMMENT ON COLUMN codeio.release_sample.sample_id IS 'The sample.';
COMMENT ON COLUMN codeio.release_sample.split IS 'train or validation; all samples of a program are in one split.';

CREATE TABLE codeio.gate_result (
    gate_result_id uuid CONSTRAINT gate_result_pk PRIMARY KEY,
    release_id uuid NOT NULL CONSTRAINT gate_result_release_fk REFERENCES codeio.release,
    gate text NOT NULL,
    passed boolean NOT NULL,
    metric text NOT NULL,
    value double precision NOT NULL,
    threshold double precision NOT NULL,
    evidence json NOT NULL,
    judged_at timestamptz NOT NULL DEFAULT now(),
    stage_run_id uuid NOT NULL CONSTRAINT gate_result_stage_run_fk REFERENCES codeio.stage_run
);
CREATE INDEX gate_result_release ON codeio.gate_result (release_id);
COMMENT ON TABLE codeio.gate_result IS 'What a gate measured on a release candidate, and its verdict.';
COMMENT ON COLUMN codeio.gate_result.gate_result_id IS 'Derived from release, gate and stage run.';
COMMENT ON COLUMN codeio.gate_result.release_id IS 'The candidate.';
COMMENT ON COLUMN codeio.gate_result.gate IS 'Name of the gate.';
COMMENT ON COLUMN codeio.gate_result.passed IS 'Whether value is at most threshold.';
COMMENT ON COLUMN codeio.gate_result.metric IS 'What was measured.';
COMMENT ON COLUMN codeio.gate_result.value IS 'The measurement.';
COMMENT ON COLUMN codeio.gate_result.threshold IS 'Largest value that passes.';
COMMENT ON COLUMN codeio.gate_result.evidence IS 'Offending rows and counts.';
COMMENT ON COLUMN codeio.gate_result.judged_at IS 'When.';
COMMENT ON COLUMN codeio.gate_result.stage_run_id IS 'Who judged.';

CREATE TABLE codeio.benchmark (
    benchmark_id uuid CONSTRAINT benchmark_pk PRIMARY KEY,
    name text NOT NULL CONSTRAINT benchmark_name UNIQUE,
    origin text NOT NULL,
    items integer NOT NULL,
    grams integer NOT NULL,
    stage_run_id uuid NOT NULL CONSTRAINT benchmark_stage_run_fk REFERENCES codeio.stage_run
);
COMMENT ON TABLE codeio.benchmark IS 'A benchmark that releases must not leak.';
COMMENT ON COLUMN codeio.benchmark.benchmark_id IS 'Derived from name.';
COMMENT ON COLUMN codeio.benchmark.name IS 'Its name.';
COMMENT ON COLUMN codeio.benchmark.origin IS 'Where its items were read.';
COMMENT ON COLUMN codeio.benchmark.items IS 'Number of items.';
COMMENT ON COLUMN codeio.benchmark.grams IS 'Distinct 13-grams of their questions.';
COMMENT ON COLUMN codeio.benchmark.stage_run_id IS 'Who indexed it.';

CREATE TABLE codeio.benchmark_gram (
    gram_sha256 text NOT NULL,
    benchmark_id uuid NOT NULL CONSTRAINT benchmark_gram_benchmark_fk REFERENCES codeio.benchmark,
    item text NOT NULL,
    CONSTRAINT benchmark_gram_pk PRIMARY KEY (gram_sha256, benchmark_id, item)
);
COMMENT ON TABLE codeio.benchmark_gram IS 'Hashes of the 13-grams of benchmark questions; the text itself is not stored.';
COMMENT ON COLUMN codeio.benchmark_gram.gram_sha256 IS 'First 32 hex digits of the sha256 of the 13 tokens.';
COMMENT ON COLUMN codeio.benchmark_gram.benchmark_id IS 'The benchmark.';
COMMENT ON COLUMN codeio.benchmark_gram.item IS 'Id of the item in it.';

-- Bulk inserts go through a temporary table.
DO $$ BEGIN EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO codeio_app', current_database()); END $$;

GRANT USAGE ON SCHEMA codeio TO codeio_app, codeio_auditor;
GRANT SELECT ON ALL TABLES IN SCHEMA codeio TO codeio_app, codeio_auditor;
GRANT INSERT ON ALL TABLES IN SCHEMA codeio TO codeio_app;
GRANT UPDATE (paused, cursor_value, licence) ON codeio.source TO codeio_app;
GRANT UPDATE (status, uri, published_at) ON codeio.release TO codeio_app;

-- The tables of version 0.1.0, after its migration 0012; see tests/integration/storage/test_upgrade.py.

CREATE SCHEMA codeio;
CREATE TABLE codeio.io_pair (
    io_pair_id uuid NOT NULL,
    program_id uuid NOT NULL,
    ordinal integer NOT NULL,
    input json NOT NULL,
    input_sha256 text NOT NULL,
    output json NOT NULL,
    output_sha256 text NOT NULL,
    wall_ms double precision NOT NULL,
    stage_run_id uuid NOT NULL
);
CREATE TABLE codeio.program (
    program_id uuid NOT NULL,
    raw_file_id uuid NOT NULL,
    language text NOT NULL,
    entry_point text NOT NULL,
    main_function text NOT NULL,
    input_generator text NOT NULL,
    io_description text NOT NULL,
    problem_statement text NOT NULL,
    provenance json NOT NULL,
    teacher_call_id uuid NOT NULL,
    stage_run_id uuid NOT NULL
);
CREATE TABLE codeio.prompt (
    prompt_id uuid NOT NULL,
    io_pair_id uuid NOT NULL,
    direction text NOT NULL,
    template_sha256 text NOT NULL,
    body text NOT NULL,
    stage_run_id uuid NOT NULL,
    CONSTRAINT prompt_direction CHECK ((direction = ANY (ARRAY['output'::text, 'input'::text])))
);
CREATE TABLE codeio.raw_file (
    raw_file_id uuid NOT NULL,
    blob_sha256 text NOT NULL,
    language text NOT NULL,
    size_bytes integer NOT NULL,
    stage_run_id uuid NOT NULL
);
CREATE TABLE codeio.raw_file_origin (
    origin_id uuid NOT NULL,
    raw_file_id uuid NOT NULL,
    source_id uuid NOT NULL,
    version text NOT NULL,
    path text NOT NULL,
    licence text NOT NULL,
    stage_run_id uuid NOT NULL,
    author text DEFAULT ''::text NOT NULL,
    repository text DEFAULT ''::text NOT NULL
);
CREATE TABLE codeio.release (
    release_id uuid NOT NULL,
    name text NOT NULL,
    version integer NOT NULL,
    recipe json NOT NULL,
    content_sha256 text NOT NULL,
    status text NOT NULL,
    samples integer NOT NULL,
    uri text DEFAULT ''::text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    published_at timestamp with time zone,
    stage_run_id uuid NOT NULL,
    funnel json DEFAULT '[]'::json NOT NULL,
    CONSTRAINT release_status CHECK ((status = ANY (ARRAY['candidate'::text, 'rejected'::text, 'published'::text])))
);
CREATE TABLE codeio.release_sample (
    release_id uuid NOT NULL,
    sample_id uuid NOT NULL,
    split text NOT NULL,
    "position" integer DEFAULT 0 NOT NULL,
    CONSTRAINT release_sample_split CHECK ((split = ANY (ARRAY['train'::text, 'validation'::text])))
);
CREATE TABLE codeio.response (
    response_id uuid NOT NULL,
    prompt_id uuid NOT NULL,
    turn integer NOT NULL,
    rollout integer NOT NULL,
    teacher_id uuid NOT NULL,
    body text NOT NULL,
    reasoning text NOT NULL,
    provenance json NOT NULL,
    teacher_call_id uuid NOT NULL,
    stage_run_id uuid NOT NULL,
    CONSTRAINT response_turn CHECK ((turn >= 1))
);
CREATE TABLE codeio.sample (
    sample_id uuid NOT NULL,
    prompt_id uuid NOT NULL,
    first_verdict_id uuid NOT NULL,
    second_verdict_id uuid,
    stage_run_id uuid NOT NULL
);
CREATE TABLE codeio.source (
    source_id uuid NOT NULL,
    kind text NOT NULL,
    locator text NOT NULL,
    licence text NOT NULL,
    paused boolean DEFAULT false NOT NULL,
    cursor_value text DEFAULT ''::text NOT NULL,
    added_at timestamp with time zone DEFAULT now() NOT NULL,
    settings json DEFAULT '{}'::json NOT NULL,
    removed boolean DEFAULT false NOT NULL,
    CONSTRAINT source_kind CHECK ((kind = ANY (ARRAY['directory'::text, 'git'::text, 'pypi'::text, 'jsonl'::text, 'parquet'::text, 's3'::text])))
);
CREATE TABLE codeio.stage_run (
    stage_run_id uuid NOT NULL,
    stage text NOT NULL,
    dag_id text NOT NULL,
    run_id text NOT NULL,
    task_id text NOT NULL,
    map_index integer NOT NULL,
    try_number integer NOT NULL,
    code_version text NOT NULL,
    settings_sha256 text NOT NULL,
    sandbox_image_digest text,
    started_at timestamp with time zone DEFAULT now() NOT NULL,
    partition_key text DEFAULT ''::text NOT NULL
);
CREATE TABLE codeio.teacher (
    teacher_id uuid NOT NULL,
    kind text NOT NULL,
    model text NOT NULL,
    version text NOT NULL,
    endpoint_host text NOT NULL,
    stage_run_id uuid NOT NULL,
    CONSTRAINT teacher_kind CHECK ((kind = ANY (ARRAY['offline-trace'::text, 'local-model'::text, 'api-model'::text])))
);
CREATE TABLE codeio.teacher_call (
    teacher_call_id uuid NOT NULL,
    teacher_id uuid NOT NULL,
    purpose text NOT NULL,
    subject_id uuid NOT NULL,
    template_sha256 text NOT NULL,
    parameters json NOT NULL,
    outcome text NOT NULL,
    finish_reason text NOT NULL,
    prompt_tokens integer NOT NULL,
    completion_tokens integer NOT NULL,
    cost_usd numeric(12,6),
    latency_ms double precision NOT NULL,
    request_id text NOT NULL,
    stage_run_id uuid NOT NULL,
    CONSTRAINT teacher_call_purpose CHECK ((purpose = ANY (ARRAY['transform'::text, 'answer'::text, 'revise'::text])))
);
CREATE TABLE codeio.verdict (
    verdict_id uuid NOT NULL,
    response_id uuid NOT NULL,
    verifier_version text NOT NULL,
    verdict text NOT NULL,
    answer json,
    produced json,
    error_type text NOT NULL,
    error_message text NOT NULL,
    feedback text NOT NULL,
    stage_run_id uuid NOT NULL,
    CONSTRAINT verdict_verdict CHECK ((verdict = ANY (ARRAY['correct'::text, 'wrong'::text, 'no_json'::text, 'not_object'::text, 'field_missing'::text, 'exception'::text, 'timeout'::text, 'memory_limit'::text, 'output_limit'::text, 'not_json'::text, 'crashed'::text, 'load_error'::text])))
);
CREATE TABLE codeio.drop_record (
    drop_record_id uuid NOT NULL,
    stage text NOT NULL,
    subject_id uuid NOT NULL,
    reason text NOT NULL,
    detail text NOT NULL,
    stage_run_id uuid NOT NULL,
    dropped_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE codeio.requeued_drop (
    requeued_drop_id bigint NOT NULL,
    drop_record_id uuid NOT NULL,
    stage text NOT NULL,
    subject_id uuid NOT NULL,
    reason text NOT NULL,
    detail text NOT NULL,
    stage_run_id uuid NOT NULL,
    dropped_at timestamp with time zone NOT NULL,
    requeued_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE codeio.pair_check (
    pair_check_id uuid NOT NULL,
    io_pair_id uuid NOT NULL,
    sandbox_image_digest text NOT NULL,
    outcome text NOT NULL,
    holds boolean NOT NULL,
    checked_at timestamp with time zone DEFAULT now() NOT NULL,
    stage_run_id uuid NOT NULL
);
CREATE TABLE codeio.benchmark_index (
    benchmark_index_id uuid NOT NULL,
    name text NOT NULL,
    definition text NOT NULL,
    origin text NOT NULL,
    items integer NOT NULL,
    unscannable integer NOT NULL,
    grams integer NOT NULL,
    object_key text NOT NULL,
    object_sha256 text NOT NULL,
    indexed_at timestamp with time zone DEFAULT now() NOT NULL,
    stage_run_id uuid NOT NULL
);
CREATE TABLE codeio.blob (
    sha256 text NOT NULL,
    pack_key text NOT NULL,
    pack_offset bigint NOT NULL,
    pack_bytes integer NOT NULL,
    size_bytes integer NOT NULL,
    stage_run_id uuid NOT NULL,
    CONSTRAINT blob_sha256_hex CHECK ((sha256 ~ '^[0-9a-f]{64}$'::text))
);
CREATE TABLE codeio.gate_result (
    gate_result_id uuid NOT NULL,
    release_id uuid NOT NULL,
    gate text NOT NULL,
    passed boolean NOT NULL,
    metric text NOT NULL,
    value double precision NOT NULL,
    threshold double precision NOT NULL,
    evidence json NOT NULL,
    judged_at timestamp with time zone DEFAULT now() NOT NULL,
    stage_run_id uuid NOT NULL,
    severity text DEFAULT 'hard'::text NOT NULL,
    CONSTRAINT gate_result_severity CHECK ((severity = ANY (ARRAY['hard'::text, 'soft'::text])))
);
CREATE TABLE codeio.sandbox_check (
    sandbox_check_id uuid NOT NULL,
    image_digest text NOT NULL,
    programs integer NOT NULL,
    escaped json NOT NULL,
    checked_at timestamp with time zone DEFAULT now() NOT NULL,
    stage_run_id uuid NOT NULL
);
CREATE TABLE codeio.dedup_result (
    subject_id uuid NOT NULL,
    spec text NOT NULL,
    subject_kind text NOT NULL,
    code_sha256 text NOT NULL,
    shingles integer NOT NULL,
    cluster_id uuid NOT NULL,
    matched_id uuid,
    similarity double precision,
    stage_run_id uuid NOT NULL,
    CONSTRAINT dedup_result_kind CHECK ((subject_kind = ANY (ARRAY['raw_file'::text, 'program'::text]))),
    CONSTRAINT dedup_result_match CHECK ((num_nulls(matched_id) = ((cluster_id = subject_id))::integer)),
    CONSTRAINT dedup_result_similarity CHECK ((num_nulls(matched_id) = num_nulls(similarity)))
);
CREATE TABLE codeio.dedup_segment (
    segment_key text NOT NULL,
    subject_kind text NOT NULL,
    spec text NOT NULL,
    rows integer NOT NULL,
    stage_run_id uuid NOT NULL
);
CREATE TABLE codeio.leak_scan (
    raw_file_id uuid NOT NULL,
    benchmark_index_id uuid NOT NULL,
    stage_run_id uuid NOT NULL
);
CREATE TABLE codeio.gate_override (
    gate_override_id uuid NOT NULL,
    gate_result_id uuid NOT NULL,
    approved boolean NOT NULL,
    decided_by text NOT NULL,
    decided_at timestamp with time zone NOT NULL,
    reason text NOT NULL,
    stage_run_id uuid NOT NULL
);
CREATE TABLE codeio.leak_hit (
    leak_hit_id uuid NOT NULL,
    subject_kind text NOT NULL,
    subject_id uuid NOT NULL,
    benchmark_index_id uuid NOT NULL,
    item text NOT NULL,
    paper_any13 boolean NOT NULL,
    any13 boolean NOT NULL,
    leak boolean NOT NULL,
    rules json NOT NULL,
    evidence json NOT NULL,
    stage_run_id uuid NOT NULL,
    CONSTRAINT leak_hit_subject_kind CHECK ((subject_kind = ANY (ARRAY['raw_file'::text, 'program'::text])))
);
CREATE TABLE codeio.program_measure (
    program_id uuid NOT NULL,
    calls integer NOT NULL,
    outputs integer NOT NULL,
    distinct_outputs integer NOT NULL,
    constant boolean NOT NULL,
    boolean_share double precision NOT NULL,
    float_share double precision NOT NULL,
    mean_wall_ms double precision NOT NULL,
    cpu_ms double precision NOT NULL,
    peak_rss_kib integer NOT NULL,
    stage_run_id uuid NOT NULL
);
ALTER TABLE codeio.requeued_drop ALTER COLUMN requeued_drop_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME codeio.requeued_drop_requeued_drop_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE codeio.sample_facet (
    sample_id uuid NOT NULL,
    direction text NOT NULL,
    verdict_1 text NOT NULL,
    verdict_2 text NOT NULL,
    drop_reason text NOT NULL,
    teacher_id uuid NOT NULL,
    source_id uuid NOT NULL,
    program_id uuid NOT NULL,
    problem text NOT NULL,
    source_path text NOT NULL,
    licence text NOT NULL,
    words tsvector NOT NULL
);
CREATE TABLE codeio.stage_run_tally (
    stage_run_id uuid NOT NULL,
    stage text NOT NULL,
    outcome text NOT NULL,
    label text NOT NULL,
    direction text NOT NULL,
    turn integer NOT NULL,
    rows bigint NOT NULL,
    subjects bigint NOT NULL,
    prompt_tokens bigint NOT NULL,
    completion_tokens bigint NOT NULL,
    cost_usd numeric(14,6),
    updated_at timestamp with time zone NOT NULL
);
CREATE TABLE codeio.takedown (
    takedown_id uuid NOT NULL,
    kind text NOT NULL,
    value text NOT NULL,
    reason text NOT NULL,
    taken_down_at timestamp with time zone DEFAULT now() NOT NULL,
    stage_run_id uuid NOT NULL,
    CONSTRAINT takedown_kind CHECK ((kind = ANY (ARRAY['repository'::text, 'path'::text, 'author'::text, 'licence'::text]))),
    CONSTRAINT takedown_value CHECK ((value <> ''::text))
);
CREATE TABLE codeio.task_failure (
    task_failure_id uuid NOT NULL,
    dag_id text NOT NULL,
    run_id text NOT NULL,
    task_id text NOT NULL,
    map_index integer NOT NULL,
    try_number integer NOT NULL,
    error text NOT NULL,
    cause text NOT NULL,
    cure text NOT NULL,
    final boolean NOT NULL,
    failed_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE codeio.teacher_batch (
    batch_id text NOT NULL,
    teacher text NOT NULL,
    purpose text NOT NULL,
    requests integer NOT NULL,
    stage_run_id uuid NOT NULL,
    submitted_at timestamp with time zone DEFAULT now() NOT NULL,
    status text NOT NULL,
    collected_at timestamp with time zone,
    worst_usd numeric DEFAULT 0 NOT NULL,
    CONSTRAINT teacher_batch_purpose CHECK ((purpose = ANY (ARRAY['transform'::text, 'answer'::text, 'revise'::text])))
);
CREATE TABLE codeio.teacher_batch_request (
    batch_id text NOT NULL,
    request_sha256 text NOT NULL,
    failure text
);
CREATE TABLE codeio.teacher_pace (
    teacher text NOT NULL,
    next_request_at timestamp with time zone NOT NULL,
    next_tokens_at timestamp with time zone NOT NULL,
    cool_until timestamp with time zone NOT NULL
);
CREATE TABLE codeio.teacher_reply (
    request_sha256 text NOT NULL,
    body bytea NOT NULL,
    latency_ms double precision NOT NULL,
    request_id text NOT NULL,
    cost_usd numeric(14,8),
    stage_run_id uuid NOT NULL,
    received_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE codeio.teacher_spending (
    period text NOT NULL,
    cost_usd numeric(14,8) NOT NULL
);
ALTER TABLE ONLY codeio.benchmark_index
    ADD CONSTRAINT benchmark_index_pk PRIMARY KEY (benchmark_index_id);
ALTER TABLE ONLY codeio.blob
    ADD CONSTRAINT blob_pk PRIMARY KEY (sha256);
ALTER TABLE ONLY codeio.dedup_result
    ADD CONSTRAINT dedup_result_pk PRIMARY KEY (subject_id, spec);
ALTER TABLE ONLY codeio.dedup_segment
    ADD CONSTRAINT dedup_segment_pk PRIMARY KEY (segment_key);
ALTER TABLE ONLY codeio.drop_record
    ADD CONSTRAINT drop_record_once UNIQUE (stage, subject_id);
ALTER TABLE ONLY codeio.drop_record
    ADD CONSTRAINT drop_record_pk PRIMARY KEY (drop_record_id);
ALTER TABLE ONLY codeio.gate_override
    ADD CONSTRAINT gate_override_pk PRIMARY KEY (gate_override_id);
ALTER TABLE ONLY codeio.gate_result
    ADD CONSTRAINT gate_result_pk PRIMARY KEY (gate_result_id);
ALTER TABLE ONLY codeio.io_pair
    ADD CONSTRAINT io_pair_input UNIQUE (program_id, input_sha256);
ALTER TABLE ONLY codeio.io_pair
    ADD CONSTRAINT io_pair_ordinal UNIQUE (program_id, ordinal);
ALTER TABLE ONLY codeio.io_pair
    ADD CONSTRAINT io_pair_pk PRIMARY KEY (io_pair_id);
ALTER TABLE ONLY codeio.leak_hit
    ADD CONSTRAINT leak_hit_pk PRIMARY KEY (leak_hit_id);
ALTER TABLE ONLY codeio.leak_scan
    ADD CONSTRAINT leak_scan_pk PRIMARY KEY (raw_file_id, benchmark_index_id);
ALTER TABLE ONLY codeio.pair_check
    ADD CONSTRAINT pair_check_once UNIQUE (io_pair_id, sandbox_image_digest);
ALTER TABLE ONLY codeio.pair_check
    ADD CONSTRAINT pair_check_pk PRIMARY KEY (pair_check_id);
ALTER TABLE ONLY codeio.program_measure
    ADD CONSTRAINT program_measure_pk PRIMARY KEY (program_id);
ALTER TABLE ONLY codeio.program
    ADD CONSTRAINT program_pk PRIMARY KEY (program_id);
ALTER TABLE ONLY codeio.prompt
    ADD CONSTRAINT prompt_once UNIQUE (io_pair_id, direction, template_sha256);
ALTER TABLE ONLY codeio.prompt
    ADD CONSTRAINT prompt_pk PRIMARY KEY (prompt_id);
ALTER TABLE ONLY codeio.raw_file
    ADD CONSTRAINT raw_file_blob UNIQUE (blob_sha256);
ALTER TABLE ONLY codeio.raw_file_origin
    ADD CONSTRAINT raw_file_origin_pk PRIMARY KEY (origin_id);
ALTER TABLE ONLY codeio.raw_file
    ADD CONSTRAINT raw_file_pk PRIMARY KEY (raw_file_id);
ALTER TABLE ONLY codeio.release
    ADD CONSTRAINT release_content UNIQUE (name, content_sha256);
ALTER TABLE ONLY codeio.release
    ADD CONSTRAINT release_pk PRIMARY KEY (release_id);
ALTER TABLE ONLY codeio.release_sample
    ADD CONSTRAINT release_sample_pk PRIMARY KEY (release_id, sample_id);
ALTER TABLE ONLY codeio.release
    ADD CONSTRAINT release_version UNIQUE (name, version);
ALTER TABLE ONLY codeio.requeued_drop
    ADD CONSTRAINT requeued_drop_pk PRIMARY KEY (requeued_drop_id);
ALTER TABLE ONLY codeio.response
    ADD CONSTRAINT response_once UNIQUE (prompt_id, turn, teacher_id, rollout);
ALTER TABLE ONLY codeio.response
    ADD CONSTRAINT response_pk PRIMARY KEY (response_id);
ALTER TABLE ONLY codeio.sample_facet
    ADD CONSTRAINT sample_facet_pk PRIMARY KEY (sample_id);
ALTER TABLE ONLY codeio.sample
    ADD CONSTRAINT sample_pk PRIMARY KEY (sample_id);
ALTER TABLE ONLY codeio.sandbox_check
    ADD CONSTRAINT sandbox_check_pk PRIMARY KEY (sandbox_check_id);
ALTER TABLE ONLY codeio.source
    ADD CONSTRAINT source_locator UNIQUE (kind, locator);
ALTER TABLE ONLY codeio.source
    ADD CONSTRAINT source_pk PRIMARY KEY (source_id);
ALTER TABLE ONLY codeio.stage_run
    ADD CONSTRAINT stage_run_pk PRIMARY KEY (stage_run_id);
ALTER TABLE ONLY codeio.stage_run_tally
    ADD CONSTRAINT stage_run_tally_pk PRIMARY KEY (stage_run_id, stage, outcome, label, direction, turn);
ALTER TABLE ONLY codeio.takedown
    ADD CONSTRAINT takedown_once UNIQUE (kind, value);
ALTER TABLE ONLY codeio.takedown
    ADD CONSTRAINT takedown_pk PRIMARY KEY (takedown_id);
ALTER TABLE ONLY codeio.task_failure
    ADD CONSTRAINT task_failure_pk PRIMARY KEY (task_failure_id);
ALTER TABLE ONLY codeio.teacher_batch
    ADD CONSTRAINT teacher_batch_pk PRIMARY KEY (batch_id);
ALTER TABLE ONLY codeio.teacher_batch_request
    ADD CONSTRAINT teacher_batch_request_pk PRIMARY KEY (batch_id, request_sha256);
ALTER TABLE ONLY codeio.teacher_call
    ADD CONSTRAINT teacher_call_pk PRIMARY KEY (teacher_call_id);
ALTER TABLE ONLY codeio.teacher_pace
    ADD CONSTRAINT teacher_pace_pk PRIMARY KEY (teacher);
ALTER TABLE ONLY codeio.teacher
    ADD CONSTRAINT teacher_pk PRIMARY KEY (teacher_id);
ALTER TABLE ONLY codeio.teacher_reply
    ADD CONSTRAINT teacher_reply_pk PRIMARY KEY (request_sha256);
ALTER TABLE ONLY codeio.teacher_spending
    ADD CONSTRAINT teacher_spending_pk PRIMARY KEY (period);
ALTER TABLE ONLY codeio.verdict
    ADD CONSTRAINT verdict_pk PRIMARY KEY (verdict_id);
CREATE INDEX dedup_result_cluster ON codeio.dedup_result USING btree (cluster_id);
CREATE INDEX dedup_result_code ON codeio.dedup_result USING btree (code_sha256, subject_kind, spec);
CREATE INDEX drop_record_reason ON codeio.drop_record USING btree (stage, reason, drop_record_id);
CREATE INDEX drop_record_stage_run ON codeio.drop_record USING btree (stage_run_id);
CREATE INDEX gate_override_gate_result ON codeio.gate_override USING btree (gate_result_id);
CREATE INDEX gate_result_release ON codeio.gate_result USING btree (release_id);
CREATE INDEX io_pair_wall_ms ON codeio.io_pair USING btree (wall_ms DESC);
CREATE INDEX leak_hit_subject ON codeio.leak_hit USING btree (subject_id);
CREATE INDEX program_raw_file ON codeio.program USING btree (raw_file_id);
CREATE INDEX raw_file_origin_raw_file ON codeio.raw_file_origin USING btree (raw_file_id);
CREATE INDEX raw_file_origin_repository ON codeio.raw_file_origin USING btree (repository);
CREATE INDEX raw_file_origin_source ON codeio.raw_file_origin USING btree (source_id);
CREATE INDEX release_sample_position ON codeio.release_sample USING btree (release_id, split, "position", sample_id);
CREATE INDEX release_sample_sample ON codeio.release_sample USING btree (sample_id);
CREATE INDEX sample_facet_drop_reason ON codeio.sample_facet USING btree (drop_reason, sample_id);
CREATE INDEX sample_facet_program ON codeio.sample_facet USING btree (program_id, sample_id);
CREATE INDEX sample_facet_source ON codeio.sample_facet USING btree (source_id, sample_id);
CREATE INDEX sample_facet_teacher ON codeio.sample_facet USING btree (teacher_id, sample_id);
CREATE INDEX sample_facet_verdict_1 ON codeio.sample_facet USING btree (verdict_1, sample_id);
CREATE INDEX sample_facet_verdict_2 ON codeio.sample_facet USING btree (verdict_2, sample_id);
CREATE INDEX sample_facet_words ON codeio.sample_facet USING gin (words);
CREATE INDEX sample_prompt ON codeio.sample USING btree (prompt_id);
CREATE INDEX stage_run_partition_key ON codeio.stage_run USING btree (partition_key);
CREATE INDEX stage_run_run ON codeio.stage_run USING btree (dag_id, run_id);
CREATE INDEX stage_run_started_at ON codeio.stage_run USING btree (started_at);
CREATE INDEX task_failure_failed_at ON codeio.task_failure USING btree (failed_at);
CREATE INDEX task_failure_run ON codeio.task_failure USING btree (dag_id, run_id);
CREATE INDEX teacher_batch_request_sha256 ON codeio.teacher_batch_request USING btree (request_sha256);
CREATE INDEX teacher_call_subject ON codeio.teacher_call USING btree (subject_id);
CREATE INDEX verdict_response ON codeio.verdict USING btree (response_id, verifier_version);
ALTER TABLE ONLY codeio.benchmark_index
    ADD CONSTRAINT benchmark_index_stage_run_fk FOREIGN KEY (stage_run_id) REFERENCES codeio.stage_run(stage_run_id);
ALTER TABLE ONLY codeio.blob
    ADD CONSTRAINT blob_stage_run_fk FOREIGN KEY (stage_run_id) REFERENCES codeio.stage_run(stage_run_id);
ALTER TABLE ONLY codeio.dedup_result
    ADD CONSTRAINT dedup_result_stage_run_fk FOREIGN KEY (stage_run_id) REFERENCES codeio.stage_run(stage_run_id);
ALTER TABLE ONLY codeio.dedup_segment
    ADD CONSTRAINT dedup_segment_stage_run_fk FOREIGN KEY (stage_run_id) REFERENCES codeio.stage_run(stage_run_id);
ALTER TABLE ONLY codeio.drop_record
    ADD CONSTRAINT drop_record_stage_run_fk FOREIGN KEY (stage_run_id) REFERENCES codeio.stage_run(stage_run_id);
ALTER TABLE ONLY codeio.gate_override
    ADD CONSTRAINT gate_override_gate_result_fk FOREIGN KEY (gate_result_id) REFERENCES codeio.gate_result(gate_result_id);
ALTER TABLE ONLY codeio.gate_override
    ADD CONSTRAINT gate_override_stage_run_fk FOREIGN KEY (stage_run_id) REFERENCES codeio.stage_run(stage_run_id);
ALTER TABLE ONLY codeio.gate_result
    ADD CONSTRAINT gate_result_release_fk FOREIGN KEY (release_id) REFERENCES codeio.release(release_id);
ALTER TABLE ONLY codeio.gate_result
    ADD CONSTRAINT gate_result_stage_run_fk FOREIGN KEY (stage_run_id) REFERENCES codeio.stage_run(stage_run_id);
ALTER TABLE ONLY codeio.io_pair
    ADD CONSTRAINT io_pair_program_fk FOREIGN KEY (program_id) REFERENCES codeio.program(program_id);
ALTER TABLE ONLY codeio.io_pair
    ADD CONSTRAINT io_pair_stage_run_fk FOREIGN KEY (stage_run_id) REFERENCES codeio.stage_run(stage_run_id);
ALTER TABLE ONLY codeio.leak_hit
    ADD CONSTRAINT leak_hit_benchmark_index_fk FOREIGN KEY (benchmark_index_id) REFERENCES codeio.benchmark_index(benchmark_index_id);
ALTER TABLE ONLY codeio.leak_hit
    ADD CONSTRAINT leak_hit_stage_run_fk FOREIGN KEY (stage_run_id) REFERENCES codeio.stage_run(stage_run_id);
ALTER TABLE ONLY codeio.leak_scan
    ADD CONSTRAINT leak_scan_benchmark_index_fk FOREIGN KEY (benchmark_index_id) REFERENCES codeio.benchmark_index(benchmark_index_id);
ALTER TABLE ONLY codeio.leak_scan
    ADD CONSTRAINT leak_scan_raw_file_fk FOREIGN KEY (raw_file_id) REFERENCES codeio.raw_file(raw_file_id);
ALTER TABLE ONLY codeio.leak_scan
    ADD CONSTRAINT leak_scan_stage_run_fk FOREIGN KEY (stage_run_id) REFERENCES codeio.stage_run(stage_run_id);
ALTER TABLE ONLY codeio.pair_check
    ADD CONSTRAINT pair_check_io_pair_fk FOREIGN KEY (io_pair_id) REFERENCES codeio.io_pair(io_pair_id);
ALTER TABLE ONLY codeio.pair_check
    ADD CONSTRAINT pair_check_stage_run_fk FOREIGN KEY (stage_run_id) REFERENCES codeio.stage_run(stage_run_id);
ALTER TABLE ONLY codeio.program_measure
    ADD CONSTRAINT program_measure_program_fk FOREIGN KEY (program_id) REFERENCES codeio.program(program_id);
ALTER TABLE ONLY codeio.program_measure
    ADD CONSTRAINT program_measure_stage_run_fk FOREIGN KEY (stage_run_id) REFERENCES codeio.stage_run(stage_run_id);
ALTER TABLE ONLY codeio.program
    ADD CONSTRAINT program_raw_file_fk FOREIGN KEY (raw_file_id) REFERENCES codeio.raw_file(raw_file_id);
ALTER TABLE ONLY codeio.program
    ADD CONSTRAINT program_stage_run_fk FOREIGN KEY (stage_run_id) REFERENCES codeio.stage_run(stage_run_id);
ALTER TABLE ONLY codeio.program
    ADD CONSTRAINT program_teacher_call_fk FOREIGN KEY (teacher_call_id) REFERENCES codeio.teacher_call(teacher_call_id);
ALTER TABLE ONLY codeio.prompt
    ADD CONSTRAINT prompt_io_pair_fk FOREIGN KEY (io_pair_id) REFERENCES codeio.io_pair(io_pair_id);
ALTER TABLE ONLY codeio.prompt
    ADD CONSTRAINT prompt_stage_run_fk FOREIGN KEY (stage_run_id) REFERENCES codeio.stage_run(stage_run_id);
ALTER TABLE ONLY codeio.raw_file
    ADD CONSTRAINT raw_file_blob_fk FOREIGN KEY (blob_sha256) REFERENCES codeio.blob(sha256);
ALTER TABLE ONLY codeio.raw_file_origin
    ADD CONSTRAINT raw_file_origin_raw_file_fk FOREIGN KEY (raw_file_id) REFERENCES codeio.raw_file(raw_file_id);
ALTER TABLE ONLY codeio.raw_file_origin
    ADD CONSTRAINT raw_file_origin_source_fk FOREIGN KEY (source_id) REFERENCES codeio.source(source_id);
ALTER TABLE ONLY codeio.raw_file_origin
    ADD CONSTRAINT raw_file_origin_stage_run_fk FOREIGN KEY (stage_run_id) REFERENCES codeio.stage_run(stage_run_id);
ALTER TABLE ONLY codeio.raw_file
    ADD CONSTRAINT raw_file_stage_run_fk FOREIGN KEY (stage_run_id) REFERENCES codeio.stage_run(stage_run_id);
ALTER TABLE ONLY codeio.release_sample
    ADD CONSTRAINT release_sample_release_fk FOREIGN KEY (release_id) REFERENCES codeio.release(release_id);
ALTER TABLE ONLY codeio.release_sample
    ADD CONSTRAINT release_sample_sample_fk FOREIGN KEY (sample_id) REFERENCES codeio.sample(sample_id);
ALTER TABLE ONLY codeio.release
    ADD CONSTRAINT release_stage_run_fk FOREIGN KEY (stage_run_id) REFERENCES codeio.stage_run(stage_run_id);
ALTER TABLE ONLY codeio.requeued_drop
    ADD CONSTRAINT requeued_drop_stage_run_fk FOREIGN KEY (stage_run_id) REFERENCES codeio.stage_run(stage_run_id);
ALTER TABLE ONLY codeio.response
    ADD CONSTRAINT response_prompt_fk FOREIGN KEY (prompt_id) REFERENCES codeio.prompt(prompt_id);
ALTER TABLE ONLY codeio.response
    ADD CONSTRAINT response_stage_run_fk FOREIGN KEY (stage_run_id) REFERENCES codeio.stage_run(stage_run_id);
ALTER TABLE ONLY codeio.response
    ADD CONSTRAINT response_teacher_call_fk FOREIGN KEY (teacher_call_id) REFERENCES codeio.teacher_call(teacher_call_id);
ALTER TABLE ONLY codeio.response
    ADD CONSTRAINT response_teacher_fk FOREIGN KEY (teacher_id) REFERENCES codeio.teacher(teacher_id);
ALTER TABLE ONLY codeio.sample_facet
    ADD CONSTRAINT sample_facet_program_fk FOREIGN KEY (program_id) REFERENCES codeio.program(program_id);
ALTER TABLE ONLY codeio.sample_facet
    ADD CONSTRAINT sample_facet_sample_fk FOREIGN KEY (sample_id) REFERENCES codeio.sample(sample_id);
ALTER TABLE ONLY codeio.sample_facet
    ADD CONSTRAINT sample_facet_source_fk FOREIGN KEY (source_id) REFERENCES codeio.source(source_id);
ALTER TABLE ONLY codeio.sample_facet
    ADD CONSTRAINT sample_facet_teacher_fk FOREIGN KEY (teacher_id) REFERENCES codeio.teacher(teacher_id);
ALTER TABLE ONLY codeio.sample
    ADD CONSTRAINT sample_first_verdict_fk FOREIGN KEY (first_verdict_id) REFERENCES codeio.verdict(verdict_id);
ALTER TABLE ONLY codeio.sample
    ADD CONSTRAINT sample_prompt_fk FOREIGN KEY (prompt_id) REFERENCES codeio.prompt(prompt_id);
ALTER TABLE ONLY codeio.sample
    ADD CONSTRAINT sample_second_verdict_fk FOREIGN KEY (second_verdict_id) REFERENCES codeio.verdict(verdict_id);
ALTER TABLE ONLY codeio.sample
    ADD CONSTRAINT sample_stage_run_fk FOREIGN KEY (stage_run_id) REFERENCES codeio.stage_run(stage_run_id);
ALTER TABLE ONLY codeio.sandbox_check
    ADD CONSTRAINT sandbox_check_stage_run_fk FOREIGN KEY (stage_run_id) REFERENCES codeio.stage_run(stage_run_id);
ALTER TABLE ONLY codeio.stage_run_tally
    ADD CONSTRAINT stage_run_tally_stage_run_fk FOREIGN KEY (stage_run_id) REFERENCES codeio.stage_run(stage_run_id);
ALTER TABLE ONLY codeio.takedown
    ADD CONSTRAINT takedown_stage_run_fk FOREIGN KEY (stage_run_id) REFERENCES codeio.stage_run(stage_run_id);
ALTER TABLE ONLY codeio.teacher_batch_request
    ADD CONSTRAINT teacher_batch_request_batch_fk FOREIGN KEY (batch_id) REFERENCES codeio.teacher_batch(batch_id);
ALTER TABLE ONLY codeio.teacher_batch
    ADD CONSTRAINT teacher_batch_stage_run_fk FOREIGN KEY (stage_run_id) REFERENCES codeio.stage_run(stage_run_id);
ALTER TABLE ONLY codeio.teacher_call
    ADD CONSTRAINT teacher_call_stage_run_fk FOREIGN KEY (stage_run_id) REFERENCES codeio.stage_run(stage_run_id);
ALTER TABLE ONLY codeio.teacher_call
    ADD CONSTRAINT teacher_call_teacher_fk FOREIGN KEY (teacher_id) REFERENCES codeio.teacher(teacher_id);
ALTER TABLE ONLY codeio.teacher_reply
    ADD CONSTRAINT teacher_reply_stage_run_fk FOREIGN KEY (stage_run_id) REFERENCES codeio.stage_run(stage_run_id);
ALTER TABLE ONLY codeio.teacher
    ADD CONSTRAINT teacher_stage_run_fk FOREIGN KEY (stage_run_id) REFERENCES codeio.stage_run(stage_run_id);
ALTER TABLE ONLY codeio.verdict
    ADD CONSTRAINT verdict_response_fk FOREIGN KEY (response_id) REFERENCES codeio.response(response_id);
ALTER TABLE ONLY codeio.verdict
    ADD CONSTRAINT verdict_stage_run_fk FOREIGN KEY (stage_run_id) REFERENCES codeio.stage_run(stage_run_id);

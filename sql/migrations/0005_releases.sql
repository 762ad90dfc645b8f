-- Samples, releases, and what may keep a sample or a release back.

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
    funnel json NOT NULL DEFAULT '[]',
    uri text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now(),
    published_at timestamptz,
    manifest_sha256 text NOT NULL DEFAULT '',
    stage_run_id uuid NOT NULL CONSTRAINT release_stage_run_fk REFERENCES codeio.stage_run,
    CONSTRAINT release_version UNIQUE (name, version),
    CONSTRAINT release_content UNIQUE (name, content_sha256),
    CONSTRAINT release_published CHECK (
        CASE status
            WHEN 'published' THEN
                uri = 's3://' || split_part(uri, '/', 3) || '/releases/' || name || '/' || version::text || '/'
                AND manifest_sha256 ~ '^[0-9a-f]{64}$' AND published_at IS NOT NULL
            ELSE uri = '' AND manifest_sha256 = '' AND published_at IS NULL
        END
    )
);
COMMENT ON TABLE codeio.release IS 'A version of the dataset: first a candidate, then published or rejected.';
COMMENT ON COLUMN codeio.release.release_id IS 'Derived from name and content.';
COMMENT ON COLUMN codeio.release.name IS 'Name of the recipe.';
COMMENT ON COLUMN codeio.release.version IS 'From 1, per name.';
COMMENT ON COLUMN codeio.release.recipe IS 'What was selected and how it is written.';
COMMENT ON COLUMN codeio.release.content_sha256 IS
'sha256 over the content of all its samples and the recipe; the same facts give the same value.';
COMMENT ON COLUMN codeio.release.status IS 'candidate, rejected (a gate failed) or published.';
COMMENT ON COLUMN codeio.release.samples IS 'Number of samples.';
COMMENT ON COLUMN codeio.release.funnel IS
'The funnel when it was assembled: [{"stage", "rows"}], from raw files to its samples. The card shows it.';
COMMENT ON COLUMN codeio.release.uri IS 'Where it is published; empty before.';
COMMENT ON COLUMN codeio.release.created_at IS 'When it was assembled.';
COMMENT ON COLUMN codeio.release.published_at IS 'When its manifest was written.';
COMMENT ON COLUMN codeio.release.stage_run_id IS 'Who assembled it.';
COMMENT ON COLUMN codeio.release.manifest_sha256 IS
'sha256 of its manifest as it was published; empty before. Readers compare it.';

CREATE TABLE codeio.release_sample (
    release_id uuid NOT NULL CONSTRAINT release_sample_release_fk REFERENCES codeio.release,
    sample_id uuid NOT NULL CONSTRAINT release_sample_sample_fk REFERENCES codeio.sample,
    split text NOT NULL CONSTRAINT release_sample_split CHECK (split IN ('train', 'validation')),
    position integer NOT NULL DEFAULT 0,
    CONSTRAINT release_sample_pk PRIMARY KEY (release_id, sample_id)
);
CREATE INDEX release_sample_sample ON codeio.release_sample (sample_id);
CREATE INDEX release_sample_position ON codeio.release_sample (release_id, split, position, sample_id);
COMMENT ON TABLE codeio.release_sample IS 'Which samples a release holds.';
COMMENT ON COLUMN codeio.release_sample.release_id IS 'The release.';
COMMENT ON COLUMN codeio.release_sample.sample_id IS 'The sample.';
COMMENT ON COLUMN codeio.release_sample.split IS 'train or validation; all samples of a program are in one split.';
COMMENT ON COLUMN codeio.release_sample.position IS
'Place of the row in the files of its split, from 0, in the order that the recipe asks for.';

CREATE TABLE codeio.takedown (
    takedown_id uuid CONSTRAINT takedown_pk PRIMARY KEY,
    kind text NOT NULL CONSTRAINT takedown_kind CHECK (kind IN ('repository', 'path', 'author', 'licence')),
    value text NOT NULL CONSTRAINT takedown_value CHECK (value <> ''),
    reason text NOT NULL,
    taken_down_at timestamptz NOT NULL DEFAULT now(),
    stage_run_id uuid NOT NULL CONSTRAINT takedown_stage_run_fk REFERENCES codeio.stage_run,
    CONSTRAINT takedown_once UNIQUE (kind, value)
);
COMMENT ON TABLE codeio.takedown IS
'What must not be in any later release. It holds for files that are ingested later, too.';
COMMENT ON COLUMN codeio.takedown.takedown_id IS 'Derived from kind and value.';
COMMENT ON COLUMN codeio.takedown.kind IS 'What value names: a repository, path, author or licence.';
COMMENT ON COLUMN codeio.takedown.value IS 'The repository, path, author or licence.';
COMMENT ON COLUMN codeio.takedown.reason IS 'Why, in the words of who asked for it.';
COMMENT ON COLUMN codeio.takedown.taken_down_at IS 'When it was asked for.';
COMMENT ON COLUMN codeio.takedown.stage_run_id IS 'Who recorded it.';

CREATE TABLE codeio.benchmark_index (
    benchmark_index_id uuid CONSTRAINT benchmark_index_pk PRIMARY KEY,
    name text NOT NULL,
    definition text NOT NULL,
    origin text NOT NULL,
    items integer NOT NULL,
    unscannable integer NOT NULL,
    grams integer NOT NULL,
    object_key text NOT NULL,
    object_sha256 text NOT NULL,
    indexed_at timestamptz NOT NULL DEFAULT now(),
    stage_run_id uuid NOT NULL CONSTRAINT benchmark_index_stage_run_fk REFERENCES codeio.stage_run
);
COMMENT ON TABLE codeio.benchmark_index IS
'A benchmark that releases must not leak, as hashes; its text is not stored.';
COMMENT ON COLUMN codeio.benchmark_index.benchmark_index_id IS 'Derived from name and content of the index.';
COMMENT ON COLUMN codeio.benchmark_index.name IS 'Name of the benchmark; of indexes with one name the latest counts.';
COMMENT ON COLUMN codeio.benchmark_index.definition IS 'Definition of leakage it was built for.';
COMMENT ON COLUMN codeio.benchmark_index.origin IS 'Where its items were read.';
COMMENT ON COLUMN codeio.benchmark_index.items IS 'Number of items.';
COMMENT ON COLUMN codeio.benchmark_index.unscannable IS
'Items that no rule can find, because they are too short or too common.';
COMMENT ON COLUMN codeio.benchmark_index.grams IS 'Distinct 13-grams of its questions.';
COMMENT ON COLUMN codeio.benchmark_index.object_key IS 'Key of the index in the bucket.';
COMMENT ON COLUMN codeio.benchmark_index.object_sha256 IS 'sha256 of that object.';
COMMENT ON COLUMN codeio.benchmark_index.indexed_at IS 'When.';
COMMENT ON COLUMN codeio.benchmark_index.stage_run_id IS 'Who indexed it.';

CREATE TABLE codeio.leak_scan (
    raw_file_id uuid NOT NULL CONSTRAINT leak_scan_raw_file_fk REFERENCES codeio.raw_file,
    benchmark_index_id uuid NOT NULL CONSTRAINT leak_scan_benchmark_index_fk REFERENCES codeio.benchmark_index,
    stage_run_id uuid NOT NULL CONSTRAINT leak_scan_stage_run_fk REFERENCES codeio.stage_run,
    CONSTRAINT leak_scan_pk PRIMARY KEY (raw_file_id, benchmark_index_id)
);
COMMENT ON TABLE codeio.leak_scan IS 'Which raw files were scanned for which benchmarks.';
COMMENT ON COLUMN codeio.leak_scan.raw_file_id IS 'The file.';
COMMENT ON COLUMN codeio.leak_scan.benchmark_index_id IS 'The index it was scanned with.';
COMMENT ON COLUMN codeio.leak_scan.stage_run_id IS 'Who scanned it.';

CREATE TABLE codeio.leak_hit (
    leak_hit_id uuid CONSTRAINT leak_hit_pk PRIMARY KEY,
    subject_kind text NOT NULL CONSTRAINT leak_hit_subject_kind CHECK (subject_kind IN ('raw_file', 'program')),
    subject_id uuid NOT NULL,
    benchmark_index_id uuid NOT NULL CONSTRAINT leak_hit_benchmark_index_fk REFERENCES codeio.benchmark_index,
    item text NOT NULL,
    paper_any13 boolean NOT NULL,
    any13 boolean NOT NULL,
    leak boolean NOT NULL,
    rules json NOT NULL,
    evidence json NOT NULL,
    stage_run_id uuid NOT NULL CONSTRAINT leak_hit_stage_run_fk REFERENCES codeio.stage_run
);
CREATE INDEX leak_hit_subject ON codeio.leak_hit (subject_id);
COMMENT ON TABLE codeio.leak_hit IS
'A benchmark item and a training text that share words, and whether that is a leak.';
COMMENT ON COLUMN codeio.leak_hit.leak_hit_id IS 'Derived from subject, index and item.';
COMMENT ON COLUMN codeio.leak_hit.subject_kind IS
'raw_file (before the transform) or program (all its samples, before promotion).';
COMMENT ON COLUMN codeio.leak_hit.subject_id IS 'The raw file or program.';
COMMENT ON COLUMN codeio.leak_hit.benchmark_index_id IS 'The benchmark.';
COMMENT ON COLUMN codeio.leak_hit.item IS 'Id of the item in it.';
COMMENT ON COLUMN codeio.leak_hit.paper_any13 IS 'Whether they share any 13-gram, as the paper counts.';
COMMENT ON COLUMN codeio.leak_hit.any13 IS 'Whether they share a 13-gram that means something.';
COMMENT ON COLUMN codeio.leak_hit.leak IS 'Whether a rule calls it a leak.';
COMMENT ON COLUMN codeio.leak_hit.rules IS 'The rules that do: L1, L2, L4, L5.';
COMMENT ON COLUMN codeio.leak_hit.evidence IS
'Spans of the training text: field, start and end in characters; never the text.';
COMMENT ON COLUMN codeio.leak_hit.stage_run_id IS 'Who found it.';

CREATE TABLE codeio.gate_result (
    gate_result_id uuid CONSTRAINT gate_result_pk PRIMARY KEY,
    release_id uuid NOT NULL CONSTRAINT gate_result_release_fk REFERENCES codeio.release,
    gate text NOT NULL,
    passed boolean NOT NULL CONSTRAINT gate_result_passed CHECK (passed = (value <= threshold)),
    severity text NOT NULL DEFAULT 'hard' CONSTRAINT gate_result_severity CHECK (severity IN ('hard', 'soft')),
    metric text NOT NULL,
    value double precision NOT NULL,
    threshold double precision NOT NULL,
    evidence json NOT NULL,
    -- The latest result counts, and none may be later than the next.
    judged_at timestamptz NOT NULL DEFAULT now() CONSTRAINT gate_result_judged_at CHECK (judged_at <= now()),
    stage_run_id uuid NOT NULL CONSTRAINT gate_result_stage_run_fk REFERENCES codeio.stage_run
);
CREATE INDEX gate_result_release ON codeio.gate_result (release_id);
COMMENT ON TABLE codeio.gate_result IS 'What a gate measured on a release candidate, and its verdict.';
COMMENT ON COLUMN codeio.gate_result.gate_result_id IS 'Derived from release, gate and stage run.';
COMMENT ON COLUMN codeio.gate_result.release_id IS 'The candidate.';
COMMENT ON COLUMN codeio.gate_result.gate IS 'Name of the gate.';
COMMENT ON COLUMN codeio.gate_result.passed IS 'Whether value is at most threshold.';
COMMENT ON COLUMN codeio.gate_result.severity IS
'hard: a failure rejects the release; soft: a person may let it through.';
COMMENT ON COLUMN codeio.gate_result.metric IS 'What was measured.';
COMMENT ON COLUMN codeio.gate_result.value IS 'The measurement.';
COMMENT ON COLUMN codeio.gate_result.threshold IS 'Largest value that passes.';
COMMENT ON COLUMN codeio.gate_result.evidence IS 'Offending rows and counts.';
COMMENT ON COLUMN codeio.gate_result.judged_at IS 'When.';
COMMENT ON COLUMN codeio.gate_result.stage_run_id IS 'Who judged.';

CREATE TABLE codeio.gate_override (
    gate_override_id uuid CONSTRAINT gate_override_pk PRIMARY KEY,
    gate_result_id uuid NOT NULL CONSTRAINT gate_override_gate_result_fk REFERENCES codeio.gate_result,
    approved boolean NOT NULL,
    decided_by text NOT NULL,
    decided_at timestamptz NOT NULL,
    reason text NOT NULL,
    stage_run_id uuid NOT NULL CONSTRAINT gate_override_stage_run_fk REFERENCES codeio.stage_run
);
CREATE INDEX gate_override_gate_result ON codeio.gate_override (gate_result_id);
COMMENT ON TABLE codeio.gate_override IS 'What a person decided about a soft gate that failed.';
COMMENT ON COLUMN codeio.gate_override.gate_override_id IS 'Derived from result and stage run.';
COMMENT ON COLUMN codeio.gate_override.gate_result_id IS
'The failure that was looked at; a later failure needs a decision of its own.';
COMMENT ON COLUMN codeio.gate_override.approved IS 'Whether the release may go through all the same.';
COMMENT ON COLUMN codeio.gate_override.decided_by IS 'User of Airflow; timeout when nobody answered in time.';
COMMENT ON COLUMN codeio.gate_override.decided_at IS 'When.';
COMMENT ON COLUMN codeio.gate_override.reason IS 'Why, in the words of that person.';
COMMENT ON COLUMN codeio.gate_override.stage_run_id IS 'The task that recorded it.';

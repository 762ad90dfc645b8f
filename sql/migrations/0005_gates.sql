-- Gates: indexed benchmarks of cio-leak-1, what leaked, soft gates and who overrode them.

-- The index of before knew 13-grams only; benchmarks are indexed again.
DROP TABLE codeio.benchmark_gram;
DROP TABLE codeio.benchmark;

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
COMMENT ON TABLE codeio.benchmark_index IS 'A benchmark that releases must not leak, as hashes; its text is not stored.';
COMMENT ON COLUMN codeio.benchmark_index.benchmark_index_id IS 'Derived from name and content of the index.';
COMMENT ON COLUMN codeio.benchmark_index.name IS 'Name of the benchmark; of indexes with one name the latest counts.';
COMMENT ON COLUMN codeio.benchmark_index.definition IS 'Definition of leakage it was built for.';
COMMENT ON COLUMN codeio.benchmark_index.origin IS 'Where its items were read.';
COMMENT ON COLUMN codeio.benchmark_index.items IS 'Number of items.';
COMMENT ON COLUMN codeio.benchmark_index.unscannable IS 'Items that no rule can find, because they are too short or too common.';
COMMENT ON COLUMN codeio.benchmark_index.grams IS 'Distinct 13-grams of its questions.';
COMMENT ON COLUMN codeio.benchmark_index.object_key IS 'Key of the index in the bucket.';
COMMENT ON COLUMN codeio.benchmark_index.object_sha256 IS 'sha256 of that object.';
COMMENT ON COLUMN codeio.benchmark_index.indexed_at IS 'When.';
COMMENT ON COLUMN codeio.benchmark_index.stage_run_id IS 'Who indexed it.';

CREATE VIEW codeio.benchmark AS
SELECT DISTINCT ON (benchmark_index.name) benchmark_index.*
FROM codeio.benchmark_index
ORDER BY benchmark_index.name, benchmark_index.indexed_at DESC, benchmark_index.benchmark_index_id;
COMMENT ON VIEW codeio.benchmark IS 'The index in use of each benchmark.';

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
COMMENT ON TABLE codeio.leak_hit IS 'A benchmark item and a training text that share words, and whether that is a leak.';
COMMENT ON COLUMN codeio.leak_hit.leak_hit_id IS 'Derived from subject, index and item.';
COMMENT ON COLUMN codeio.leak_hit.subject_kind IS 'raw_file (before the transform) or program (all its samples, before promotion).';
COMMENT ON COLUMN codeio.leak_hit.subject_id IS 'The raw file or program.';
COMMENT ON COLUMN codeio.leak_hit.benchmark_index_id IS 'The benchmark.';
COMMENT ON COLUMN codeio.leak_hit.item IS 'Id of the item in it.';
COMMENT ON COLUMN codeio.leak_hit.paper_any13 IS 'Whether they share any 13-gram, as the paper counts.';
COMMENT ON COLUMN codeio.leak_hit.any13 IS 'Whether they share a 13-gram that means something.';
COMMENT ON COLUMN codeio.leak_hit.leak IS 'Whether a rule calls it a leak.';
COMMENT ON COLUMN codeio.leak_hit.rules IS 'The rules that do: L1, L2, L4, L5.';
COMMENT ON COLUMN codeio.leak_hit.evidence IS 'Spans of the training text: field, start and end in characters; never the text.';
COMMENT ON COLUMN codeio.leak_hit.stage_run_id IS 'Who found it.';

CREATE VIEW codeio.pending_screen AS
SELECT raw_file.raw_file_id, raw_file.blob_sha256
FROM codeio.raw_file
WHERE EXISTS (
    SELECT FROM codeio.benchmark
    WHERE NOT EXISTS (
        SELECT FROM codeio.leak_scan
        WHERE leak_scan.raw_file_id = raw_file.raw_file_id AND leak_scan.benchmark_index_id = benchmark.benchmark_index_id
    )
) AND NOT EXISTS (
    SELECT FROM codeio.drop_record
    WHERE drop_record.stage = 'screen' AND drop_record.subject_id = raw_file.raw_file_id
);
COMMENT ON VIEW codeio.pending_screen IS 'Raw files not yet scanned for a benchmark in use, and not quarantined.';

CREATE VIEW codeio.quarantined_file AS
SELECT drop_record.subject_id AS raw_file_id, drop_record.reason, drop_record.detail, drop_record.dropped_at
FROM codeio.drop_record
WHERE drop_record.stage = 'screen';
COMMENT ON VIEW codeio.quarantined_file IS 'Raw files that leak, or whose samples hold a secret or personal data: not transformed, and none of their samples is released.';

CREATE OR REPLACE VIEW codeio.pending_transform AS
SELECT raw_file.raw_file_id, raw_file.language, raw_file.blob_sha256
FROM codeio.raw_file
WHERE NOT EXISTS (
    SELECT FROM codeio.program WHERE program.raw_file_id = raw_file.raw_file_id
) AND NOT EXISTS (
    SELECT FROM codeio.drop_record
    WHERE drop_record.stage IN ('screen', 'transform') AND drop_record.subject_id = raw_file.raw_file_id
);

CREATE OR REPLACE VIEW codeio.finished_conversation AS
SELECT prompt.prompt_id, io_pair.program_id, first.verdict_id AS first_verdict_id, second.verdict_id AS second_verdict_id
FROM codeio.prompt
INNER JOIN codeio.io_pair USING (io_pair_id)
INNER JOIN codeio.program USING (program_id)
INNER JOIN codeio.current_verdict AS first ON first.prompt_id = prompt.prompt_id AND first.turn = 1
LEFT JOIN codeio.current_verdict AS second ON second.prompt_id = prompt.prompt_id AND second.turn = 2
WHERE (first.verdict = 'correct' OR second.verdict_id IS NOT NULL OR EXISTS (
    SELECT FROM codeio.drop_record
    WHERE drop_record.stage = 'revise' AND drop_record.subject_id = prompt.prompt_id
)) AND NOT EXISTS (
    SELECT FROM codeio.quarantined_file WHERE quarantined_file.raw_file_id = program.raw_file_id
);
COMMENT ON VIEW codeio.finished_conversation IS 'Prompts whose conversation is complete (answered rightly, or revised once) and whose file is not in quarantine.';

CREATE OR REPLACE VIEW codeio.funnel AS
WITH dropped AS (
    SELECT drop_record.stage, count(*) AS rows FROM codeio.drop_record GROUP BY drop_record.stage
),
done (position, stage, passed) AS (
    SELECT 1, 'ingest', count(*) FROM codeio.raw_file
    UNION ALL SELECT 2, 'screen', count(*) FROM codeio.raw_file
        WHERE raw_file.raw_file_id NOT IN (
            SELECT quarantined_file.raw_file_id FROM codeio.quarantined_file
            UNION ALL SELECT pending_screen.raw_file_id FROM codeio.pending_screen
        )
    UNION ALL SELECT 3, 'transform', count(*) FROM codeio.program
    UNION ALL SELECT 4, 'sample', count(DISTINCT io_pair.program_id) FROM codeio.io_pair
    UNION ALL SELECT 5, 'prompt', count(*) FROM codeio.prompt
    UNION ALL SELECT 6, 'answer', count(*) FROM codeio.response WHERE response.turn = 1
    UNION ALL SELECT 7, 'revise', count(*) FROM codeio.response WHERE response.turn = 2
    UNION ALL SELECT 8, 'verify', count(*) FROM codeio.current_verdict
    UNION ALL SELECT 9, 'release', count(*) FROM codeio.sample
),
waiting (stage, rows) AS (
    SELECT 'screen', count(*) FROM codeio.pending_screen
    UNION ALL SELECT 'transform', count(*) FROM codeio.pending_transform
    UNION ALL SELECT 'sample', count(*) FROM codeio.pending_sample
    UNION ALL SELECT 'answer', count(*) FROM codeio.pending_answer
    UNION ALL SELECT 'revise', count(*) FROM codeio.pending_revise
    UNION ALL SELECT 'verify', (SELECT count(*) FROM codeio.response) - (SELECT count(*) FROM codeio.current_verdict)
)
SELECT done.position, done.stage, done.passed, coalesce(dropped.rows, 0) AS dropped, coalesce(waiting.rows, 0) AS pending
FROM done
LEFT JOIN dropped USING (stage)
LEFT JOIN waiting USING (stage);

ALTER TABLE codeio.gate_result ADD COLUMN severity text NOT NULL DEFAULT 'hard'
    CONSTRAINT gate_result_severity CHECK (severity IN ('hard', 'soft'));
COMMENT ON COLUMN codeio.gate_result.severity IS 'hard: a failure rejects the release; soft: a person may let it through.';

CREATE OR REPLACE VIEW codeio.current_gate_result AS
SELECT DISTINCT ON (gate_result.release_id, gate_result.gate) gate_result.*
FROM codeio.gate_result
ORDER BY gate_result.release_id, gate_result.gate, gate_result.judged_at DESC, gate_result.gate_result_id;

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
COMMENT ON COLUMN codeio.gate_override.gate_result_id IS 'The failure that was looked at; a later failure needs a decision of its own.';
COMMENT ON COLUMN codeio.gate_override.approved IS 'Whether the release may go through all the same.';
COMMENT ON COLUMN codeio.gate_override.decided_by IS 'User of Airflow; timeout when nobody answered in time.';
COMMENT ON COLUMN codeio.gate_override.decided_at IS 'When.';
COMMENT ON COLUMN codeio.gate_override.reason IS 'Why, in the words of that person.';
COMMENT ON COLUMN codeio.gate_override.stage_run_id IS 'The task that recorded it.';

CREATE FUNCTION codeio.refuse_hard_override() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM codeio.gate_result
        WHERE gate_result.gate_result_id = NEW.gate_result_id AND gate_result.severity = 'hard'
    ) THEN
        RAISE EXCEPTION 'a hard gate cannot be overridden' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
COMMENT ON FUNCTION codeio.refuse_hard_override() IS 'Keeps overrides of hard gates out, whoever inserts them.';
CREATE TRIGGER gate_override_soft_only BEFORE INSERT ON codeio.gate_override
FOR EACH ROW EXECUTE FUNCTION codeio.refuse_hard_override();

GRANT SELECT ON codeio.benchmark_index, codeio.benchmark, codeio.leak_scan, codeio.leak_hit,
codeio.pending_screen, codeio.quarantined_file, codeio.gate_override TO codeio_app, codeio_auditor;
GRANT INSERT ON codeio.benchmark_index, codeio.leak_scan, codeio.leak_hit, codeio.gate_override TO codeio_app;

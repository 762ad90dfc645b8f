-- Corrections reach back, and drops can be taken back.

ALTER TABLE codeio.source
ADD COLUMN judged_with text NOT NULL DEFAULT '',
ADD COLUMN judged_at timestamptz,
ADD COLUMN withdrawn boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN codeio.source.judged_with IS
'Fingerprint of the settings under which all its files were judged last; empty when they are to be judged anew.';
COMMENT ON COLUMN codeio.source.judged_at IS 'When all its files were judged last; null before they were.';
COMMENT ON COLUMN codeio.source.withdrawn IS
'Whether it was removed with its files, which are then in no later release.';
COMMENT ON COLUMN codeio.source.licence IS
'SPDX expression that a person stated for its files; empty means the reader finds it out.';

CREATE TABLE codeio.source_change (
    source_change_id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT source_change_pk PRIMARY KEY,
    source_id uuid NOT NULL CONSTRAINT source_change_source_fk REFERENCES codeio.source,
    change text NOT NULL CONSTRAINT source_change_change CHECK (change IN ('added', 'set', 'removed', 'withdrawn')),
    licence text NOT NULL,
    settings json NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now(),
    stage_run_id uuid NOT NULL CONSTRAINT source_change_stage_run_fk REFERENCES codeio.stage_run
);
CREATE INDEX source_change_source ON codeio.source_change (source_id, source_change_id);
COMMENT ON TABLE codeio.source_change IS
'What people said of a source, and when: it was added, set otherwise, or removed.';
COMMENT ON COLUMN codeio.source_change.source_change_id IS 'Running number.';
COMMENT ON COLUMN codeio.source_change.source_id IS 'The source.';
COMMENT ON COLUMN codeio.source_change.change IS 'added, set, removed, or withdrawn: removed with its files.';
COMMENT ON COLUMN codeio.source_change.licence IS 'Licence that it states from then on.';
COMMENT ON COLUMN codeio.source_change.settings IS 'Settings that it has from then on.';
COMMENT ON COLUMN codeio.source_change.changed_at IS 'When.';
COMMENT ON COLUMN codeio.source_change.stage_run_id IS 'Who did it.';

CREATE TABLE codeio.origin_licence (
    origin_id uuid NOT NULL CONSTRAINT origin_licence_origin_fk REFERENCES codeio.raw_file_origin,
    licence text NOT NULL,
    stated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    stage_run_id uuid NOT NULL CONSTRAINT origin_licence_stage_run_fk REFERENCES codeio.stage_run,
    CONSTRAINT origin_licence_pk PRIMARY KEY (origin_id, stage_run_id)
);
COMMENT ON TABLE codeio.origin_licence IS
'Another licence than before that a file was found under when its source was read again; the latest is in force.';
COMMENT ON COLUMN codeio.origin_licence.origin_id IS 'The place of the file.';
COMMENT ON COLUMN codeio.origin_licence.licence IS 'SPDX id, or NOASSERTION.';
COMMENT ON COLUMN codeio.origin_licence.stated_at IS 'When.';
COMMENT ON COLUMN codeio.origin_licence.stage_run_id IS 'Who wrote it.';

ALTER TABLE codeio.drop_record ADD COLUMN decided_by jsonb NOT NULL DEFAULT '{}';
COMMENT ON COLUMN codeio.drop_record.decided_by IS
'Settings that decided it, with the values they had, and the teacher that failed: with other ones it holds no more.';
CREATE INDEX drop_record_decided_by ON codeio.drop_record (stage) WHERE decided_by <> '{}';
-- Of drops made before, the values are known of a teacher's alone; null stands for a value that no setting has now.
UPDATE codeio.drop_record SET decided_by = jsonb_build_object('teacher', drop_record.teacher_id)
WHERE drop_record.stage = 'transform' AND drop_record.teacher_id IS NOT null
    AND drop_record.reason NOT LIKE 'refused%';
UPDATE codeio.drop_record SET decided_by = drop_record.decided_by || jsonb_build_object(
    'max_tokens', asked.max_tokens, 'teacher_truncated', 'drop'
)
FROM (
    SELECT teacher_call.purpose, teacher_call.subject_id, teacher_call.teacher_id, teacher_call.stage_run_id,
        min((teacher_call.parameters ->> 'max_tokens')::integer) AS max_tokens
    FROM codeio.teacher_call
    GROUP BY teacher_call.purpose, teacher_call.subject_id, teacher_call.teacher_id, teacher_call.stage_run_id
) AS asked
WHERE drop_record.reason = 'truncated' AND asked.purpose = drop_record.stage
    AND asked.subject_id = drop_record.subject_id AND asked.teacher_id = drop_record.teacher_id
    AND asked.stage_run_id = drop_record.stage_run_id AND asked.max_tokens IS NOT null;
UPDATE codeio.drop_record SET decided_by = '{"min_pairs": null}'
WHERE drop_record.stage = 'sample' AND drop_record.reason = 'too_few_pairs';
UPDATE codeio.drop_record SET decided_by = '{"sample_cpu_s": null}'
WHERE drop_record.stage = 'sample' AND drop_record.reason = 'timeout';
UPDATE codeio.drop_record SET decided_by = '{"quarantine_leaks": true}'
WHERE drop_record.stage = 'screen' AND drop_record.reason = 'leak';
UPDATE codeio.drop_record SET decided_by = '{"quarantine_private": true}'
WHERE drop_record.stage = 'screen' AND drop_record.reason IN ('secret', 'personal_data');
UPDATE codeio.drop_record SET decided_by = '{"revision_policy": "none"}' WHERE drop_record.reason = 'policy_none';
UPDATE codeio.drop_record SET decided_by = '{"revision_policy": "by_expected_gain"}'
WHERE drop_record.reason = 'low_expected_gain';

ALTER TABLE codeio.requeued_drop ADD COLUMN waits boolean NOT NULL DEFAULT true;
COMMENT ON COLUMN codeio.requeued_drop.waits IS
'Whether its stage was to judge the row anew afterwards; false where what took the drop back had judged it.';
CREATE INDEX requeued_drop_subject ON codeio.requeued_drop (subject_id, stage);
CREATE INDEX requeued_drop_waiting ON codeio.requeued_drop (source_id, requeued_at) WHERE stage = 'ingest' AND waits;

CREATE TABLE codeio.benchmark_use (
    benchmark_use_id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT benchmark_use_pk PRIMARY KEY,
    name text NOT NULL,
    benchmark_index_id uuid CONSTRAINT benchmark_use_benchmark_index_fk REFERENCES codeio.benchmark_index,
    meant boolean NOT NULL DEFAULT false,
    since timestamptz NOT NULL DEFAULT clock_timestamp(),
    stage_run_id uuid NOT NULL CONSTRAINT benchmark_use_stage_run_fk REFERENCES codeio.stage_run
);
CREATE INDEX benchmark_use_name ON codeio.benchmark_use (name, benchmark_use_id);
COMMENT ON TABLE codeio.benchmark_use IS
'Which index of a benchmark is in use, since when; of one name the latest row counts.';
COMMENT ON COLUMN codeio.benchmark_use.benchmark_use_id IS 'Running number.';
COMMENT ON COLUMN codeio.benchmark_use.name IS 'Name of the benchmark.';
COMMENT ON COLUMN codeio.benchmark_use.benchmark_index_id IS
'The index in use from then on; null when the benchmark was removed.';
COMMENT ON COLUMN codeio.benchmark_use.meant IS
'Whether a person said that it may quarantine more than the share that is let pass without a question.';
COMMENT ON COLUMN codeio.benchmark_use.since IS 'When.';
COMMENT ON COLUMN codeio.benchmark_use.stage_run_id IS 'Who put it in use, or out of it.';
-- What quarantines today was let do so.
INSERT INTO codeio.benchmark_use (name, benchmark_index_id, meant, since, stage_run_id)
SELECT benchmark_index.name, benchmark_index.benchmark_index_id, true AS meant, benchmark_index.indexed_at,
    benchmark_index.stage_run_id
FROM codeio.benchmark_index
ORDER BY benchmark_index.indexed_at, benchmark_index.benchmark_index_id DESC;

COMMENT ON COLUMN codeio.stage_run_tally.outcome IS
'passed, dropped, seen (an origin of a raw file), set_aside (one of these that ingest dropped, as a duplicate or '
'later), measured (a program) or called (a request to a teacher).';
-- Until now a drop that was taken back stayed counted.
DELETE FROM codeio.stage_run_tally WHERE outcome = 'dropped';
INSERT INTO codeio.stage_run_tally (
    stage_run_id, stage, outcome, reason, source_id, teacher_id, rows, subjects, prompt_tokens, completion_tokens,
    updated_at
)
WITH dropped AS (
    SELECT drop_record.stage_run_id, drop_record.reason, drop_record.source_id, drop_record.teacher_id,
        drop_record.dropped_at,
        CASE
            WHEN drop_record.stage = 'dedup' AND program.program_id IS NOT null THEN 'dedup programs'
            ELSE drop_record.stage
        END AS stage,
        drop_record.stage = 'ingest' AND raw_file_origin.origin_id IS NOT null AS is_set_aside
    FROM codeio.drop_record
    LEFT JOIN codeio.program ON program.program_id = drop_record.subject_id
    LEFT JOIN codeio.raw_file_origin ON raw_file_origin.origin_id = drop_record.subject_id
),
counted AS (
    SELECT dropped.*, 'dropped' AS outcome FROM dropped
    UNION ALL
    SELECT dropped.*, 'set_aside' AS outcome FROM dropped WHERE dropped.is_set_aside
)
SELECT counted.stage_run_id, counted.stage, counted.outcome, counted.reason, counted.source_id, counted.teacher_id,
    count(*) AS rows, count(*) AS subjects, 0 AS prompt_tokens, 0 AS completion_tokens,
    max(counted.dropped_at) AS updated_at
FROM counted
GROUP BY counted.stage_run_id, counted.stage, counted.outcome, counted.reason, counted.source_id, counted.teacher_id;

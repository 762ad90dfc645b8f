-- Brings the tables of a database made before version 0.2.0, whose last migration was 0012, to those of migrations
-- 0001 to 0006. Facts stay as they are; what is counted of them is told apart by typed columns, not by one label.

ALTER TABLE codeio.drop_record
    ADD COLUMN source_id uuid CONSTRAINT drop_record_source_fk REFERENCES codeio.source;
CREATE INDEX drop_record_source ON codeio.drop_record (source_id) WHERE source_id IS NOT NULL;
COMMENT ON COLUMN codeio.drop_record.source_id IS
'The source that an origin was seen in; null for drops of later stages.';
ALTER TABLE codeio.requeued_drop
    ADD COLUMN source_id uuid CONSTRAINT requeued_drop_source_fk REFERENCES codeio.source;
COMMENT ON COLUMN codeio.requeued_drop.source_id IS
'The source that an origin was seen in; null for drops of later stages.';

-- The detail of such a drop began with the source. Of two whose names begin alike the longer one is meant.
DO $$
DECLARE place record;
BEGIN
    FOR place IN
        SELECT source.source_id, source.kind || ':' || source.locator || ' ' AS beginning
        FROM codeio.source
        ORDER BY length(source.locator) DESC
    LOOP
        UPDATE codeio.drop_record SET source_id = place.source_id
        WHERE drop_record.stage = 'ingest' AND drop_record.source_id IS NULL
            AND starts_with(drop_record.detail, place.beginning);
        UPDATE codeio.requeued_drop SET source_id = place.source_id
        WHERE requeued_drop.stage = 'ingest' AND requeued_drop.source_id IS NULL
            AND starts_with(requeued_drop.detail, place.beginning);
    END LOOP;
END $$;

-- Its check `release_published` comes with migration 0007, which must do without it before.
ALTER TABLE codeio.release ADD COLUMN manifest_sha256 text NOT NULL DEFAULT '';
COMMENT ON COLUMN codeio.release.manifest_sha256 IS
'sha256 of its manifest as it was published; empty before. Readers compare it.';
ALTER TABLE codeio.gate_result
    ADD CONSTRAINT gate_result_passed CHECK (passed = (value <= threshold)),
    ADD CONSTRAINT gate_result_judged_at CHECK (judged_at <= now());

-- Drops are counted again below, by source.
DELETE FROM codeio.stage_run_tally WHERE outcome = 'dropped';
ALTER TABLE codeio.stage_run_tally
    DROP CONSTRAINT stage_run_tally_pk,
    ADD COLUMN source_id uuid CONSTRAINT stage_run_tally_source_fk REFERENCES codeio.source,
    ADD COLUMN reason text,
    ADD COLUMN verdict text,
    ADD COLUMN reply text,
    ADD COLUMN wall_ms_up_to double precision,
    ADD COLUMN rss_mib_up_to double precision,
    ALTER COLUMN direction DROP NOT NULL,
    ALTER COLUMN turn DROP NOT NULL;
UPDATE codeio.stage_run_tally SET
    source_id = CASE WHEN outcome = 'seen' THEN label::uuid END,
    verdict = CASE WHEN outcome = 'passed' AND stage = 'verify' THEN label END,
    reply = CASE WHEN outcome = 'called' THEN label END,
    wall_ms_up_to = CASE WHEN outcome = 'passed' AND stage = 'sample' THEN label::double precision END,
    rss_mib_up_to = CASE WHEN outcome = 'measured' THEN label::double precision END,
    direction = nullif(direction, ''),
    turn = nullif(turn, 0);
ALTER TABLE codeio.stage_run_tally
    DROP COLUMN label,
    ADD CONSTRAINT stage_run_tally_once UNIQUE NULLS NOT DISTINCT (
        stage_run_id, stage, outcome, source_id, reason, verdict, reply, direction, turn,
        wall_ms_up_to, rss_mib_up_to
    );
CREATE INDEX stage_run_tally_source ON codeio.stage_run_tally (source_id) WHERE source_id IS NOT NULL;
COMMENT ON COLUMN codeio.stage_run_tally.stage_run_id IS 'The stage run.';
COMMENT ON COLUMN codeio.stage_run_tally.stage IS 'Stage of the funnel that the facts belong to.';
COMMENT ON COLUMN codeio.stage_run_tally.outcome IS
'passed, dropped, seen (an origin of a raw file), measured (a program) or called (a request to a teacher).';
COMMENT ON COLUMN codeio.stage_run_tally.reason IS 'Why they were dropped.';
COMMENT ON COLUMN codeio.stage_run_tally.verdict IS 'Verdict on the answers.';
COMMENT ON COLUMN codeio.stage_run_tally.reply IS 'What became of the calls to a teacher.';
COMMENT ON COLUMN codeio.stage_run_tally.direction IS 'Direction of prompts and verdicts.';
COMMENT ON COLUMN codeio.stage_run_tally.turn IS 'Turn of responses and verdicts.';
COMMENT ON COLUMN codeio.stage_run_tally.wall_ms_up_to IS
'Pairs: the power of two that their wall-clock time in milliseconds does not exceed.';
COMMENT ON COLUMN codeio.stage_run_tally.rss_mib_up_to IS
'Programs measured: the power of two that their peak memory in MiB does not exceed.';
COMMENT ON COLUMN codeio.stage_run_tally.rows IS 'Facts.';
COMMENT ON COLUMN codeio.stage_run_tally.subjects IS
'Rows of the stage before that these facts settle: raw files, programs, prompts or responses.';
COMMENT ON COLUMN codeio.stage_run_tally.updated_at IS 'When the last of them was written.';

INSERT INTO codeio.stage_run_tally (
    stage_run_id, stage, outcome, reason, source_id, rows, subjects, prompt_tokens, completion_tokens, updated_at
)
WITH dropped AS (
    SELECT drop_record.stage_run_id, drop_record.reason, drop_record.source_id, drop_record.dropped_at,
        CASE
            WHEN drop_record.stage = 'dedup' AND program.program_id IS NOT NULL THEN 'dedup programs'
            ELSE drop_record.stage
        END AS stage
    FROM codeio.drop_record
    LEFT JOIN codeio.program ON program.program_id = drop_record.subject_id
)

SELECT dropped.stage_run_id, dropped.stage, 'dropped' AS outcome, dropped.reason, dropped.source_id,
    count(*) AS rows, count(*) AS subjects, 0 AS prompt_tokens, 0 AS completion_tokens,
    max(dropped.dropped_at) AS updated_at
FROM dropped
GROUP BY dropped.stage_run_id, dropped.stage, dropped.reason, dropped.source_id;

CREATE TABLE codeio.schema_file (
    path text CONSTRAINT schema_file_pk PRIMARY KEY,
    sha256 text NOT NULL,
    run_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE codeio.schema_file IS 'The SQL files that made this schema. See docs/decisions/0002.';
COMMENT ON COLUMN codeio.schema_file.path IS 'Path below sql/.';
COMMENT ON COLUMN codeio.schema_file.sha256 IS 'sha256 of its content, in hex.';
COMMENT ON COLUMN codeio.schema_file.run_at IS 'When it was run.';
DROP TABLE codeio_schema_version;

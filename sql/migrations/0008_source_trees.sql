-- What each source shows from night to night, and what dedup said before that changed.

CREATE TABLE codeio.tree_change (
    tree_change_id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT tree_change_pk PRIMARY KEY,
    place_id uuid NOT NULL,
    source_id uuid NOT NULL CONSTRAINT tree_change_source_fk REFERENCES codeio.source,
    part text NOT NULL,
    path text NOT NULL,
    origin_id uuid,
    stage_run_id uuid NOT NULL CONSTRAINT tree_change_stage_run_fk REFERENCES codeio.stage_run,
    changed_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX tree_change_place ON codeio.tree_change (source_id, place_id, tree_change_id);
CREATE INDEX tree_change_origin ON codeio.tree_change (origin_id);
COMMENT ON TABLE codeio.tree_change IS
'What a source shows at a place from then on; the newest row of a place is what it shows at present.';
COMMENT ON COLUMN codeio.tree_change.tree_change_id IS 'Running number: a later change has a greater one.';
COMMENT ON COLUMN codeio.tree_change.place_id IS
'Derived from source, part, path, and the number of the file among those of this path in one listing, from 0.';
COMMENT ON COLUMN codeio.tree_change.source_id IS 'The source.';
COMMENT ON COLUMN codeio.tree_change.part IS 'File of a table that the row stands in; empty for other sources.';
COMMENT ON COLUMN codeio.tree_change.path IS 'Path inside the source.';
COMMENT ON COLUMN codeio.tree_change.origin_id IS
'What stands there, kept or dropped (the id of raw_file_origin or the subject of a drop); null when nothing does.';
COMMENT ON COLUMN codeio.tree_change.stage_run_id IS 'Who saw it.';
COMMENT ON COLUMN codeio.tree_change.changed_at IS 'When.';

CREATE TABLE codeio.former_dedup_result (
    former_dedup_result_id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT former_dedup_result_pk PRIMARY KEY,
    subject_id uuid NOT NULL,
    spec text NOT NULL,
    subject_kind text NOT NULL,
    code_sha256 text NOT NULL,
    shingles integer NOT NULL,
    cluster_id uuid NOT NULL,
    matched_id uuid,
    similarity double precision,
    stage_run_id uuid NOT NULL CONSTRAINT former_dedup_result_stage_run_fk REFERENCES codeio.stage_run,
    ended_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX former_dedup_result_subject ON codeio.former_dedup_result (subject_id);
COMMENT ON TABLE codeio.former_dedup_result IS
'What dedup said of a raw file or program until it was no longer present, or the one that it repeats was not.';
COMMENT ON COLUMN codeio.former_dedup_result.former_dedup_result_id IS 'Running number.';
COMMENT ON COLUMN codeio.former_dedup_result.subject_id IS 'The raw file or program.';
COMMENT ON COLUMN codeio.former_dedup_result.spec IS 'Version of the signature spec (docs/decisions/0040).';
COMMENT ON COLUMN codeio.former_dedup_result.subject_kind IS 'raw_file or program.';
COMMENT ON COLUMN codeio.former_dedup_result.code_sha256 IS 'sha256 of the code without comments and spaces.';
COMMENT ON COLUMN codeio.former_dedup_result.shingles IS 'Distinct shingles.';
COMMENT ON COLUMN codeio.former_dedup_result.cluster_id IS 'The survivor that stood for the cluster.';
COMMENT ON COLUMN codeio.former_dedup_result.matched_id IS 'The survivor it matched; null when it survived.';
COMMENT ON COLUMN codeio.former_dedup_result.similarity IS
'Jaccard similarity of the shingles, 1 for equal code; null when it survived.';
COMMENT ON COLUMN codeio.former_dedup_result.stage_run_id IS 'Who said so.';
COMMENT ON COLUMN codeio.former_dedup_result.ended_at IS 'When it no longer held.';

-- Until now nobody noted what went. What was seen last at each path counts as present until the source is read
-- again, which it is in full. A row of a table may share its path with others: each of them is a place.
INSERT INTO codeio.tree_change (place_id, source_id, part, path, origin_id, stage_run_id, changed_at)
WITH seen AS (
    SELECT raw_file_origin.source_id, raw_file_origin.path, raw_file_origin.origin_id, raw_file_origin.stage_run_id
    FROM codeio.raw_file_origin
    UNION ALL
    -- The detail of a drop begins `kind:locator path (sha256): `.
    SELECT dropped.source_id,
        regexp_replace(
            substr(dropped.detail, length(source.kind || ':' || source.locator || ' ') + 1),
            ' \((?:[0-9a-f]{64}|size:\d+)\): .*$', ''
        ) AS path,
        dropped.subject_id AS origin_id, dropped.stage_run_id
    FROM codeio.drop_record AS dropped
    INNER JOIN codeio.source ON source.source_id = dropped.source_id
    WHERE dropped.stage = 'ingest' AND starts_with(dropped.detail, source.kind || ':' || source.locator || ' ')
        AND NOT EXISTS (
            SELECT FROM codeio.raw_file_origin WHERE raw_file_origin.origin_id = dropped.subject_id
        )
),
ranked AS (
    SELECT seen.source_id, seen.path, seen.origin_id, seen.stage_run_id, stage_run.started_at,
        source.kind IN ('jsonl', 'parquet') AS is_table,
        row_number() OVER (
            PARTITION BY seen.source_id, seen.path
            ORDER BY stage_run.started_at DESC, seen.origin_id
        ) - 1 AS number
    FROM seen
    INNER JOIN codeio.source ON source.source_id = seen.source_id
    INNER JOIN codeio.stage_run ON stage_run.stage_run_id = seen.stage_run_id
)
SELECT
    left(encode(sha256(convert_to(
        concat_ws(E'\n', ranked.source_id, '', ranked.path, ranked.number), 'UTF8'
    )), 'hex'), 32)::uuid AS place_id,
    ranked.source_id, '' AS part, ranked.path, ranked.origin_id, ranked.stage_run_id,
    ranked.started_at AS changed_at
FROM ranked
WHERE ranked.number = 0 OR ranked.is_table
ORDER BY ranked.started_at, ranked.origin_id;
UPDATE codeio.source SET cursor_value = '';

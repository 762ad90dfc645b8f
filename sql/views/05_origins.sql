-- What is in force of the places of files: each is kept, dropped, or waits to be judged anew.

CREATE VIEW codeio.waiting_origin AS
SELECT requeued_drop.subject_id AS origin_id, requeued_drop.source_id, max(requeued_drop.requeued_at) AS since
FROM codeio.requeued_drop
INNER JOIN codeio.source USING (source_id)
WHERE requeued_drop.stage = 'ingest' AND requeued_drop.waits
    AND requeued_drop.requeued_at > coalesce(source.judged_at, '-infinity')
    AND NOT EXISTS (
        SELECT FROM codeio.drop_record
        WHERE drop_record.stage = 'ingest' AND drop_record.subject_id = requeued_drop.subject_id
    )
GROUP BY requeued_drop.subject_id, requeued_drop.source_id;
COMMENT ON VIEW codeio.waiting_origin IS
'Origins whose drop was taken back, and that the next reading of their source judges anew.';
COMMENT ON COLUMN codeio.waiting_origin.origin_id IS 'The origin; one that was never stored is in no other table.';
COMMENT ON COLUMN codeio.waiting_origin.source_id IS 'Its source.';
COMMENT ON COLUMN codeio.waiting_origin.since IS 'When it was taken back.';

CREATE VIEW codeio.origin_state AS
WITH known AS (
    SELECT raw_file_origin.origin_id, raw_file_origin.source_id, true AS stored FROM codeio.raw_file_origin
    UNION ALL
    SELECT dropped.subject_id, dropped.source_id, false AS stored
    FROM (
        SELECT drop_record.subject_id, drop_record.source_id FROM codeio.drop_record WHERE drop_record.stage = 'ingest'
        UNION
        SELECT requeued_drop.subject_id, requeued_drop.source_id
        FROM codeio.requeued_drop WHERE requeued_drop.stage = 'ingest'
    ) AS dropped
    WHERE NOT EXISTS (
        SELECT FROM codeio.raw_file_origin WHERE raw_file_origin.origin_id = dropped.subject_id
    )
)
SELECT known.origin_id, known.source_id, coalesce(drop_record.reason, '') AS reason,
    CASE
        WHEN drop_record.drop_record_id IS NOT null THEN 'dropped'
        WHEN waiting_origin.origin_id IS NOT null AND source.judged_with = '' THEN 'waiting'
        WHEN known.stored AND waiting_origin.origin_id IS null THEN 'kept'
        ELSE 'none'
    END AS state
FROM known
INNER JOIN codeio.source USING (source_id)
LEFT JOIN codeio.drop_record ON drop_record.stage = 'ingest' AND drop_record.subject_id = known.origin_id
LEFT JOIN codeio.waiting_origin ON waiting_origin.origin_id = known.origin_id;
COMMENT ON VIEW codeio.origin_state IS 'What became of each file of a source that was ever seen.';
COMMENT ON COLUMN codeio.origin_state.origin_id IS 'The origin.';
COMMENT ON COLUMN codeio.origin_state.source_id IS 'Its source.';
COMMENT ON COLUMN codeio.origin_state.reason IS 'Why it was dropped; empty when it was not.';
COMMENT ON COLUMN codeio.origin_state.state IS
'kept, dropped, waiting to be judged anew, or none, which no row may be in.';

CREATE VIEW codeio.failing_origin AS
SELECT raw_file_origin.origin_id, raw_file_origin.raw_file_id
FROM codeio.raw_file_origin
INNER JOIN codeio.drop_record
    ON drop_record.stage = 'ingest' AND drop_record.subject_id = raw_file_origin.origin_id
WHERE drop_record.reason <> 'duplicate'
UNION ALL
SELECT raw_file_origin.origin_id, raw_file_origin.raw_file_id
FROM codeio.raw_file_origin
INNER JOIN codeio.source USING (source_id)
WHERE source.withdrawn
UNION ALL
SELECT raw_file_origin.origin_id, raw_file_origin.raw_file_id
FROM codeio.waiting_origin
INNER JOIN codeio.raw_file_origin USING (origin_id);
COMMENT ON VIEW codeio.failing_origin IS
'Origins from which a file may come no more: refused since it was stored, of a source that was removed with its files, '
'or waiting to be judged anew. One may stand here twice.';
COMMENT ON COLUMN codeio.failing_origin.origin_id IS 'The origin.';
COMMENT ON COLUMN codeio.failing_origin.raw_file_id IS 'The file.';

CREATE VIEW codeio.refused_file AS
SELECT DISTINCT failing_origin.raw_file_id
FROM codeio.failing_origin
WHERE NOT EXISTS (
    SELECT FROM codeio.raw_file_origin
    WHERE raw_file_origin.raw_file_id = failing_origin.raw_file_id AND NOT EXISTS (
        SELECT FROM codeio.failing_origin AS failing WHERE failing.origin_id = raw_file_origin.origin_id
    )
);
COMMENT ON VIEW codeio.refused_file IS
'Raw files that may come from no place any more: nothing is asked about them, and they are in no later release.';
COMMENT ON COLUMN codeio.refused_file.raw_file_id IS 'The file.';

CREATE VIEW codeio.current_origin AS
SELECT raw_file_origin.origin_id, raw_file_origin.raw_file_id, raw_file_origin.source_id, raw_file_origin.version,
    raw_file_origin.path, coalesce(latest.licence, raw_file_origin.licence) AS licence, raw_file_origin.author,
    raw_file_origin.repository, raw_file_origin.stage_run_id,
    NOT EXISTS (
        SELECT FROM codeio.failing_origin WHERE failing_origin.origin_id = raw_file_origin.origin_id
    ) AS passes
FROM codeio.raw_file_origin
LEFT JOIN LATERAL (
    SELECT origin_licence.licence FROM codeio.origin_licence
    WHERE origin_licence.origin_id = raw_file_origin.origin_id
    ORDER BY origin_licence.stated_at DESC, origin_licence.stage_run_id
    LIMIT 1
) AS latest ON true;
COMMENT ON VIEW codeio.current_origin IS
'Origins with the licence in force, and whether the file may still come from there.';
COMMENT ON COLUMN codeio.current_origin.origin_id IS 'Derived from source, version, path and sha256.';
COMMENT ON COLUMN codeio.current_origin.raw_file_id IS 'The file.';
COMMENT ON COLUMN codeio.current_origin.source_id IS 'The source.';
COMMENT ON COLUMN codeio.current_origin.licence IS
'The licence that it was found under last: an SPDX id, or NOASSERTION.';
COMMENT ON COLUMN codeio.current_origin.stage_run_id IS 'Who wrote it.';
COMMENT ON COLUMN codeio.current_origin.passes IS 'Whether the file may still come from there.';

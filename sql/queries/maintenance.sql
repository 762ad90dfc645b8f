-- name: delete_unreferenced_blobs
SELECT codeio.delete_unreferenced_blobs(cast(:before AS timestamptz));

-- name: live_packs
SELECT pack_key, sum(pack_bytes)::bigint AS live_bytes FROM codeio.blob GROUP BY pack_key;

-- name: live_segments
SELECT segment_key FROM codeio.dedup_segment;

-- name: drops_to_take_back
SELECT drop_record_id, source_id
FROM codeio.drops_to_take_back(:stage, :reason, cast(:source_id AS uuid));

-- name: outdated_drops
-- Drops that other settings decided than those of now, or that another teacher failed at.
SELECT drop_record_id
FROM codeio.drop_record
WHERE stage = :stage AND decided_by <> '{}'
    AND (teacher_id IS NULL OR teacher_id::text = any(cast(:teachers AS text[])) OR decided_by ? 'teacher')
    AND NOT (
        decided_by - 'teacher' <@ cast(:settings AS jsonb)
        AND (NOT decided_by ? 'teacher' OR decided_by ->> 'teacher' = any(cast(:teachers AS text[])))
    );

-- name: take_back
SELECT codeio.take_back_drops(cast(:drop_record_ids AS uuid[]), :waits);

-- name: drops_of
SELECT drop_record_id FROM codeio.drop_record WHERE stage = :stage AND subject_id = any(:subjects);

-- name: vacuum
VACUUM (ANALYZE, SKIP_LOCKED);

-- name: growth
SELECT relname AS relation, n_live_tup AS rows, pg_total_relation_size(relid) AS bytes
FROM pg_stat_user_tables
WHERE schemaname = 'codeio'
ORDER BY bytes DESC, relation;

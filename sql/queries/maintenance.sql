-- name: delete_unreferenced_blobs
SELECT codeio.delete_unreferenced_blobs(cast(:before AS timestamptz));

-- name: live_packs
SELECT pack_key, sum(pack_bytes)::bigint AS live_bytes FROM codeio.blob GROUP BY pack_key;

-- name: live_segments
SELECT segment_key FROM codeio.dedup_segment;

-- name: requeue
SELECT codeio.requeue(:stage, :reason);

-- name: vacuum
VACUUM (ANALYZE, SKIP_LOCKED);

-- name: growth
SELECT relname AS relation, n_live_tup AS rows, pg_total_relation_size(relid) AS bytes
FROM pg_stat_user_tables
WHERE schemaname = 'codeio'
ORDER BY bytes DESC, relation;

-- name: raw_files
SELECT count(*) FROM codeio.raw_file;

-- name: waiting_origins
SELECT count(*)
FROM codeio.waiting_origin
INNER JOIN codeio.source USING (source_id)
WHERE source.judged_with = '';

-- name: sampled_programs
SELECT count(DISTINCT program_id) FROM codeio.io_pair;

-- name: verdicts
SELECT count(*) FROM codeio.verdict;

-- name: drops
SELECT stage, reason, rows FROM codeio.drop_reason ORDER BY stage, drop_reason.rows DESC, reason;

-- name: waiting
SELECT stage, pending FROM codeio.funnel WHERE pending > 0 ORDER BY position;

-- name: verdict_shares
SELECT direction, turn, verdict, rows FROM codeio.verdict_share
ORDER BY direction DESC, turn, verdict_share.rows DESC, verdict;

-- name: lineage
SELECT * FROM codeio.lineage_of(cast(:sample_id AS uuid));

-- name: some_sample
SELECT sample_id FROM codeio.release_sample WHERE release_id = :release_id ORDER BY sample_id LIMIT 1;

-- name: causes_of_failure
-- What the tasks of a run that failed for good say of their last try.
SELECT latest.task_id, latest.cause, latest.cure
FROM (
    SELECT DISTINCT ON (task_failure.task_id, task_failure.map_index) task_failure.*
    FROM codeio.task_failure
    WHERE task_failure.dag_id = :dag_id AND task_failure.run_id = :run_id
    ORDER BY task_failure.task_id, task_failure.map_index, task_failure.failed_at DESC
) AS latest
WHERE latest.final
ORDER BY latest.failed_at, latest.task_id, latest.map_index;

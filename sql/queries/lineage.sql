-- What a catalogue is told about a task, see plugins/codeio_airflow/table_lineage.py.

-- name: written
-- Facts of a try of a task, by stage of the funnel.
SELECT stage_run_tally.stage, cast(sum(stage_run_tally.rows) AS bigint) AS rows
FROM codeio.stage_run
INNER JOIN codeio.stage_run_tally USING (stage_run_id)
WHERE stage_run.dag_id = :dag_id AND stage_run.run_id = :run_id AND stage_run.task_id = :task_id
    AND stage_run.map_index = :map_index AND stage_run.try_number = :try_number
    AND stage_run_tally.outcome = 'passed'
GROUP BY stage_run_tally.stage
ORDER BY stage_run_tally.stage;

-- name: sources_read
SELECT DISTINCT source.kind, source.locator
FROM codeio.stage_run
INNER JOIN codeio.stage_run_tally USING (stage_run_id)
INNER JOIN codeio.source USING (source_id)
WHERE stage_run.dag_id = :dag_id AND stage_run.run_id = :run_id AND stage_run.task_id = :task_id
    AND stage_run.map_index = :map_index AND stage_run.try_number = :try_number
    AND stage_run_tally.outcome = 'seen'
ORDER BY source.kind, source.locator;

-- name: published
SELECT release.name, release.version, release.samples
FROM codeio.release
INNER JOIN codeio.stage_run USING (stage_run_id)
WHERE stage_run.dag_id = :dag_id AND stage_run.run_id = :run_id AND release.status = 'published';

-- name: columns
SELECT attname AS name, format_type(atttypid, atttypmod) AS type
FROM pg_attribute
WHERE attrelid = to_regclass('codeio.' || quote_ident(:table)) AND attnum > 0 AND NOT attisdropped
ORDER BY attnum;

-- What did each night bring, source by source?
SELECT stage_run.partition_key AS night, source.kind, source.locator, count(*) AS places,
    count(DISTINCT raw_file_origin.raw_file_id) AS files
FROM codeio.raw_file_origin
INNER JOIN codeio.source USING (source_id)
INNER JOIN codeio.stage_run ON stage_run.stage_run_id = raw_file_origin.stage_run_id
GROUP BY stage_run.partition_key, source.kind, source.locator
ORDER BY night, source.kind, source.locator;

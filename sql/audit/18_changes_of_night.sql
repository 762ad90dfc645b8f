-- What did each night find changed in each source: files that came or were edited, and files that were gone?
SELECT codeio.night_of(stage_run) AS night, source.kind, source.locator,
    count(*) FILTER (WHERE tree_change.origin_id IS NOT NULL) AS came,
    count(*) FILTER (WHERE tree_change.origin_id IS NULL) AS gone
FROM codeio.tree_change
INNER JOIN codeio.source USING (source_id)
INNER JOIN codeio.stage_run ON stage_run.stage_run_id = tree_change.stage_run_id
GROUP BY night, source.kind, source.locator
ORDER BY night, source.kind, source.locator;

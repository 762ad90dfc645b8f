-- How many released samples come from each source?
SELECT release_name, release_version, source, count(DISTINCT sample_id) AS samples
FROM codeio.released_lineage
GROUP BY release_name, release_version, source
ORDER BY release_name, release_version, samples DESC, source;

-- How many released samples come from each source, and which one is meant by its name in a release?
SELECT release_name, release_version, source_name, source, count(DISTINCT sample_id) AS samples
FROM codeio.released_lineage
GROUP BY release_name, release_version, source_name, source
ORDER BY release_name, release_version, samples DESC, source;

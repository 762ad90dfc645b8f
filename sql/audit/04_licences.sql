-- What licences are in each release, and is any not on the allowed list?
SELECT release_name, release_version, licence, count(DISTINCT sample_id) AS samples,
    licence IN ('MIT', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'Unlicense', 'CC0-1.0') AS permissive
FROM codeio.released_lineage
GROUP BY release_name, release_version, licence
ORDER BY release_name, release_version, samples DESC, licence;

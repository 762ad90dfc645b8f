-- A repository asks to be forgotten: which samples of which releases come from it?
SELECT DISTINCT release_name, release_version, split, sample_id, path
FROM codeio.released_lineage
WHERE repository = 'owner/name'
ORDER BY release_name, release_version, sample_id, path;

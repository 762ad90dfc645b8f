-- What changed from one version of a release to the next?
SELECT newer.name, older.version AS old_version, newer.version AS new_version, release_change.change,
    count(*) AS samples
FROM codeio.release_change
INNER JOIN codeio.release AS older ON older.release_id = release_change.old_release_id
INNER JOIN codeio.release AS newer ON newer.release_id = release_change.new_release_id
WHERE newer.name = older.name AND newer.version = older.version + 1
GROUP BY newer.name, older.version, newer.version, release_change.change
ORDER BY newer.name, newer.version, release_change.change;

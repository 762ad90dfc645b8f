-- In which sandbox images were the released pairs drawn and the answers judged?
SELECT sample_image_digest, verify_image_digest, verifier_version, release_name, release_version,
    count(DISTINCT sample_id) AS samples
FROM codeio.released_lineage
GROUP BY sample_image_digest, verify_image_digest, verifier_version, release_name, release_version
ORDER BY release_name, release_version, samples DESC;

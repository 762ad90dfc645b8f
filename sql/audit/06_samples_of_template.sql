-- A prompt template turns out to be flawed: which releases hold samples made with it?
SELECT prompt_template_sha256, transform_template_sha256, release_name, release_version,
    count(DISTINCT sample_id) AS samples
FROM codeio.released_lineage
GROUP BY prompt_template_sha256, transform_template_sha256, release_name, release_version
ORDER BY release_name, release_version, samples DESC, prompt_template_sha256;

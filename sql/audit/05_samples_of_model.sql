-- Which released samples were written by this model, as program or as answer?
SELECT release_name, release_version, transform_model, answer_model, count(DISTINCT sample_id) AS samples
FROM codeio.released_lineage
GROUP BY release_name, release_version, transform_model, answer_model
ORDER BY release_name, release_version, samples DESC, answer_model, transform_model;

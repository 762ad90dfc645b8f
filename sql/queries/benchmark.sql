-- name: grams
SELECT gram_sha256, benchmark.name AS benchmark, item
FROM codeio.benchmark_gram INNER JOIN codeio.benchmark USING (benchmark_id)
ORDER BY gram_sha256, benchmark.name, item;

-- name: all
SELECT name, origin, items, grams FROM codeio.benchmark ORDER BY name;

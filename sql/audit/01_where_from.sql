-- Where does this released sample come from, step by step?
SELECT lineage.*
FROM (SELECT min(release_sample.sample_id::text)::uuid AS sample_id FROM codeio.release_sample) AS chosen
CROSS JOIN LATERAL codeio.lineage_of(chosen.sample_id) AS lineage;

-- An Airflow run went wrong: which released samples has it touched, at which stage?
SELECT DISTINCT touched.stage, lineage.release_name, lineage.release_version, lineage.sample_id
FROM codeio.released_lineage AS lineage
CROSS JOIN LATERAL (VALUES
    ('ingest', lineage.ingest_run_id), ('transform', lineage.transform_run_id), ('sample', lineage.sample_run_id),
    ('answer', lineage.answer_run_id), ('verify', lineage.verify_run_id)) AS touched (stage, run_id)
WHERE touched.run_id = 'scheduled__2026-01-31T00:00:00+00:00'
ORDER BY touched.stage, lineage.release_name, lineage.release_version, lineage.sample_id;

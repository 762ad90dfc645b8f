-- What is stale, when the latest image, verifier and templates are taken as current?
WITH image AS (
    SELECT stage_run.sandbox_image_digest FROM codeio.stage_run
    WHERE stage_run.sandbox_image_digest IS NOT NULL ORDER BY stage_run.started_at DESC LIMIT 1
),
verifier AS (
    SELECT verdict.verifier_version FROM codeio.verdict
    INNER JOIN codeio.stage_run USING (stage_run_id) ORDER BY stage_run.started_at DESC LIMIT 1
),
template AS (
    SELECT DISTINCT ON (made.part) made.template_sha256
    FROM (
        SELECT prompt.direction AS part, prompt.template_sha256, stage_run.started_at
        FROM codeio.prompt INNER JOIN codeio.stage_run USING (stage_run_id)
        UNION ALL
        SELECT teacher_call.purpose AS part, teacher_call.template_sha256, stage_run.started_at
        FROM codeio.teacher_call INNER JOIN codeio.stage_run USING (stage_run_id)
        WHERE teacher_call.purpose = 'transform'
    ) AS made
    ORDER BY made.part, made.started_at DESC
),
templates AS (
    SELECT array_agg(template.template_sha256) AS template_sha256s FROM template
),
latest AS (
    SELECT image.sandbox_image_digest, verifier.verifier_version, templates.template_sha256s
    FROM image
    CROSS JOIN verifier
    CROSS JOIN templates
)
SELECT stale.kind, stale.cause, stale.made_with, count(*) AS rows
FROM latest
CROSS JOIN LATERAL codeio.stale_rows(
    latest.sandbox_image_digest, latest.verifier_version, latest.template_sha256s
) AS stale
GROUP BY stale.kind, stale.cause, stale.made_with
ORDER BY stale.kind, stale.cause, stale.made_with;

-- What was made by means that are no longer current. See docs/decisions/0041.

CREATE FUNCTION codeio.stale_rows(current_image text, current_verifier text, current_templates text[])
RETURNS TABLE (kind text, id uuid, cause text, made_with text)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT 'program' AS kind, program.program_id AS id, 'template' AS cause, teacher_call.template_sha256 AS made_with
    FROM codeio.program INNER JOIN codeio.teacher_call USING (teacher_call_id)
    WHERE teacher_call.template_sha256 <> all(current_templates) AND NOT EXISTS (
        SELECT FROM codeio.teacher_call AS later
        WHERE later.purpose = 'transform' AND later.subject_id = program.raw_file_id
            AND later.template_sha256 = any(current_templates) AND later.outcome NOT IN ('unavailable', 'referred')
    ) AND NOT EXISTS (
        SELECT FROM codeio.drop_record
        WHERE drop_record.stage IN ('dedup', 'screen', 'sample')
            AND drop_record.subject_id IN (program.raw_file_id, program.program_id)
    ) AND NOT EXISTS (SELECT FROM codeio.replaced_program WHERE replaced_program.program_id = program.program_id)
        AND EXISTS (SELECT FROM codeio.program_in_force WHERE program_in_force.program_id = program.program_id)
    UNION ALL
    SELECT 'prompt' AS kind, prompt.prompt_id AS id, 'template' AS cause, prompt.template_sha256 AS made_with
    FROM codeio.prompt
    WHERE prompt.template_sha256 <> all(current_templates)
        AND EXISTS (SELECT FROM codeio.open_prompt WHERE open_prompt.prompt_id = prompt.prompt_id)
    UNION ALL
    SELECT 'io_pair' AS kind, io_pair.io_pair_id AS id, 'image' AS cause, stage_run.sandbox_image_digest AS made_with
    FROM codeio.io_pair INNER JOIN codeio.stage_run USING (stage_run_id)
    WHERE stage_run.sandbox_image_digest IS DISTINCT FROM current_image AND NOT EXISTS (
        SELECT FROM codeio.pair_check
        WHERE pair_check.io_pair_id = io_pair.io_pair_id AND pair_check.sandbox_image_digest = current_image
    ) AND NOT EXISTS (SELECT FROM codeio.replaced_program WHERE replaced_program.program_id = io_pair.program_id)
    UNION ALL
    SELECT 'verdict' AS kind, current_verdict.verdict_id AS id, 'verifier' AS cause,
        current_verdict.verifier_version AS made_with
    FROM codeio.current_verdict WHERE current_verdict.verifier_version <> current_verifier
    UNION ALL
    SELECT 'verdict' AS kind, current_verdict.verdict_id AS id, 'image' AS cause,
        stage_run.sandbox_image_digest AS made_with
    FROM codeio.current_verdict
    INNER JOIN codeio.verdict USING (verdict_id)
    INNER JOIN codeio.stage_run ON stage_run.stage_run_id = verdict.stage_run_id
    INNER JOIN codeio.prompt ON prompt.prompt_id = current_verdict.prompt_id
    WHERE prompt.direction = 'input' AND verdict.verdict NOT IN ('no_json', 'not_object', 'field_missing')
        AND stage_run.sandbox_image_digest IS DISTINCT FROM current_image
        AND EXISTS (SELECT FROM codeio.open_prompt WHERE open_prompt.prompt_id = prompt.prompt_id);
END;
COMMENT ON FUNCTION codeio.stale_rows(text, text, text[]) IS
'Rows in force that were made with another sandbox image, verifier version or prompt template than those given, and '
'not redone since. The verdict on a predicted output depends on no image.';

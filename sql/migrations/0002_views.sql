-- Current state, as views over the facts; lineage as a function.

CREATE VIEW codeio.pending_transform AS
SELECT raw_file.raw_file_id, raw_file.language, raw_file.blob_sha256
FROM codeio.raw_file
WHERE NOT EXISTS (
    SELECT FROM codeio.program WHERE program.raw_file_id = raw_file.raw_file_id
) AND NOT EXISTS (
    SELECT FROM codeio.drop_record
    WHERE drop_record.stage = 'transform' AND drop_record.subject_id = raw_file.raw_file_id
);
COMMENT ON VIEW codeio.pending_transform IS 'Raw files without a program and without a reason for having none.';

CREATE VIEW codeio.pending_sample AS
SELECT program.program_id, program.language, program.entry_point, program.main_function, program.input_generator
FROM codeio.program
WHERE NOT EXISTS (
    SELECT FROM codeio.io_pair WHERE io_pair.program_id = program.program_id
) AND NOT EXISTS (
    SELECT FROM codeio.drop_record
    WHERE drop_record.stage = 'sample' AND drop_record.subject_id = program.program_id
);
COMMENT ON VIEW codeio.pending_sample IS 'Programs without pairs and without a reason for having none.';

CREATE VIEW codeio.pending_prompt AS
SELECT io_pair.io_pair_id, io_pair.ordinal, io_pair.input, io_pair.output, direction.direction,
    program.language, program.main_function, program.io_description, program.problem_statement
FROM codeio.io_pair
INNER JOIN codeio.program USING (program_id)
CROSS JOIN (VALUES ('output'), ('input')) AS direction (direction)
WHERE NOT EXISTS (
    SELECT FROM codeio.prompt
    WHERE prompt.io_pair_id = io_pair.io_pair_id AND prompt.direction = direction.direction
) AND NOT (direction.direction = 'input' AND EXISTS (
    SELECT FROM codeio.io_pair AS earlier
    WHERE earlier.program_id = io_pair.program_id AND earlier.ordinal < io_pair.ordinal
        AND earlier.output_sha256 = io_pair.output_sha256
));
COMMENT ON VIEW codeio.pending_prompt IS 'Pairs and directions without a prompt. Pairs of a program with the same output would ask for an input in the same words: only the first of them does.';

CREATE VIEW codeio.pending_answer AS
SELECT prompt.prompt_id, prompt.body, prompt.template_sha256
FROM codeio.prompt
WHERE NOT EXISTS (
    SELECT FROM codeio.response WHERE response.prompt_id = prompt.prompt_id AND response.turn = 1
) AND NOT EXISTS (
    SELECT FROM codeio.drop_record
    WHERE drop_record.stage = 'answer' AND drop_record.subject_id = prompt.prompt_id
);
COMMENT ON VIEW codeio.pending_answer IS 'Prompts without a first answer and without a reason for having none.';

CREATE VIEW codeio.current_verdict AS
SELECT DISTINCT ON (verdict.response_id)
    verdict.response_id, verdict.verdict_id, verdict.verifier_version, verdict.verdict, verdict.feedback,
    response.prompt_id, response.turn, response.rollout, response.teacher_id, response.body
FROM codeio.verdict
INNER JOIN codeio.response USING (response_id)
INNER JOIN codeio.stage_run ON stage_run.stage_run_id = verdict.stage_run_id
ORDER BY verdict.response_id, stage_run.started_at DESC, verdict.verdict_id;
COMMENT ON VIEW codeio.current_verdict IS 'The latest verdict on each response.';

CREATE VIEW codeio.pending_revise AS
SELECT first.prompt_id, prompt.body AS prompt_body, first.body AS response_body, first.feedback
FROM codeio.current_verdict AS first
INNER JOIN codeio.prompt USING (prompt_id)
WHERE first.turn = 1 AND first.verdict <> 'correct' AND NOT EXISTS (
    SELECT FROM codeio.response WHERE response.prompt_id = first.prompt_id AND response.turn = 2
) AND NOT EXISTS (
    SELECT FROM codeio.drop_record
    WHERE drop_record.stage = 'revise' AND drop_record.subject_id = first.prompt_id
);
COMMENT ON VIEW codeio.pending_revise IS 'Prompts with a wrong first answer, no revision and no reason for having none.';

CREATE VIEW codeio.finished_conversation AS
SELECT prompt.prompt_id, io_pair.program_id, first.verdict_id AS first_verdict_id, second.verdict_id AS second_verdict_id
FROM codeio.prompt
INNER JOIN codeio.io_pair USING (io_pair_id)
INNER JOIN codeio.current_verdict AS first ON first.prompt_id = prompt.prompt_id AND first.turn = 1
LEFT JOIN codeio.current_verdict AS second ON second.prompt_id = prompt.prompt_id AND second.turn = 2
WHERE first.verdict = 'correct' OR second.verdict_id IS NOT NULL OR EXISTS (
    SELECT FROM codeio.drop_record
    WHERE drop_record.stage = 'revise' AND drop_record.subject_id = prompt.prompt_id
);
COMMENT ON VIEW codeio.finished_conversation IS 'Prompts whose conversation is complete: answered rightly, or revised once.';

CREATE VIEW codeio.sample_text AS
SELECT sample.sample_id, sample.prompt_id, io_pair.program_id, io_pair.io_pair_id, program.raw_file_id,
    origin.source_kind, origin.source_locator, origin.version AS source_version, origin.path AS source_path, origin.licence,
    program.language, prompt.direction, prompt.body AS prompt, io_pair.input, io_pair.output,
    program.problem_statement, program.io_description, program.main_function AS reference_code,
    first_response.body AS turn_1, first_verdict.feedback AS feedback_1, first_verdict.verdict AS verdict_1,
    second_response.body AS turn_2, second_verdict.feedback AS feedback_2, second_verdict.verdict AS verdict_2,
    teacher.kind AS teacher_kind, teacher.model AS teacher_model, program.provenance AS transform_provenance,
    first_response.provenance AS rationale_provenance, prompt.template_sha256,
    first_verdict.verifier_version, answer_run.run_id AS answer_run_id,
    pair_run.sandbox_image_digest
FROM codeio.sample
INNER JOIN codeio.prompt USING (prompt_id)
INNER JOIN codeio.io_pair USING (io_pair_id)
INNER JOIN codeio.program USING (program_id)
INNER JOIN codeio.verdict AS first_verdict ON first_verdict.verdict_id = sample.first_verdict_id
INNER JOIN codeio.response AS first_response ON first_response.response_id = first_verdict.response_id
LEFT JOIN codeio.verdict AS second_verdict ON second_verdict.verdict_id = sample.second_verdict_id
LEFT JOIN codeio.response AS second_response ON second_response.response_id = second_verdict.response_id
INNER JOIN codeio.teacher ON teacher.teacher_id = first_response.teacher_id
INNER JOIN codeio.stage_run AS answer_run ON answer_run.stage_run_id = first_response.stage_run_id
INNER JOIN codeio.stage_run AS pair_run ON pair_run.stage_run_id = io_pair.stage_run_id
CROSS JOIN LATERAL (
    SELECT source.kind AS source_kind, source.locator AS source_locator, raw_file_origin.version,
        raw_file_origin.path, raw_file_origin.licence
    FROM codeio.raw_file_origin
    INNER JOIN codeio.source USING (source_id)
    WHERE raw_file_origin.raw_file_id = program.raw_file_id
    ORDER BY source.kind, source.locator, raw_file_origin.version, raw_file_origin.path
    LIMIT 1
) AS origin;
COMMENT ON VIEW codeio.sample_text IS 'A sample as it is released: texts, labels and where it came from. Where a file was seen in several places, the first by name stands for all.';

CREATE VIEW codeio.drop_reason AS
SELECT drop_record.stage, drop_record.reason, count(*) AS rows
FROM codeio.drop_record
GROUP BY drop_record.stage, drop_record.reason;
COMMENT ON VIEW codeio.drop_reason IS 'How many rows each stage dropped, by reason.';

CREATE VIEW codeio.funnel AS
WITH dropped AS (
    SELECT drop_record.stage, count(*) AS rows FROM codeio.drop_record GROUP BY drop_record.stage
),
done (position, stage, passed) AS (
    SELECT 1, 'ingest', count(*) FROM codeio.raw_file
    UNION ALL SELECT 2, 'transform', count(*) FROM codeio.program
    UNION ALL SELECT 3, 'sample', count(DISTINCT io_pair.program_id) FROM codeio.io_pair
    UNION ALL SELECT 4, 'prompt', count(*) FROM codeio.prompt
    UNION ALL SELECT 5, 'answer', count(*) FROM codeio.response WHERE response.turn = 1
    UNION ALL SELECT 6, 'revise', count(*) FROM codeio.response WHERE response.turn = 2
    UNION ALL SELECT 7, 'verify', count(*) FROM codeio.current_verdict
    UNION ALL SELECT 8, 'release', count(*) FROM codeio.sample
),
waiting (stage, rows) AS (
    SELECT 'transform', count(*) FROM codeio.pending_transform
    UNION ALL SELECT 'sample', count(*) FROM codeio.pending_sample
    UNION ALL SELECT 'answer', count(*) FROM codeio.pending_answer
    UNION ALL SELECT 'revise', count(*) FROM codeio.pending_revise
    UNION ALL SELECT 'verify', (SELECT count(*) FROM codeio.response) - (SELECT count(*) FROM codeio.current_verdict)
)
SELECT done.position, done.stage, done.passed, coalesce(dropped.rows, 0) AS dropped, coalesce(waiting.rows, 0) AS pending
FROM done
LEFT JOIN dropped USING (stage)
LEFT JOIN waiting USING (stage);
COMMENT ON VIEW codeio.funnel IS 'Rows that passed, were dropped by or wait for each stage.';

CREATE VIEW codeio.verdict_share AS
SELECT prompt.direction, current_verdict.turn, current_verdict.verdict, count(*) AS rows
FROM codeio.current_verdict
INNER JOIN codeio.prompt USING (prompt_id)
GROUP BY prompt.direction, current_verdict.turn, current_verdict.verdict;
COMMENT ON VIEW codeio.verdict_share IS 'Verdicts by direction and turn.';

CREATE VIEW codeio.current_gate_result AS
SELECT DISTINCT ON (gate_result.release_id, gate_result.gate) gate_result.*
FROM codeio.gate_result
ORDER BY gate_result.release_id, gate_result.gate, gate_result.judged_at DESC, gate_result.gate_result_id;
COMMENT ON VIEW codeio.current_gate_result IS 'The latest result of each gate on each release.';

CREATE FUNCTION codeio.lineage_of(wanted uuid)
RETURNS TABLE (
    step integer, kind text, id text, detail text, model text, template_sha256 text,
    sandbox_image_digest text, dag_id text, run_id text, task_id text, map_index integer,
    try_number integer, code_version text, started_at timestamptz
)
LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH chosen AS (
        SELECT sample.sample_id, sample.prompt_id, sample.first_verdict_id, sample.second_verdict_id, sample.stage_run_id
        FROM codeio.sample WHERE sample.sample_id = wanted
    ),
    asked AS (SELECT prompt.* FROM codeio.prompt INNER JOIN chosen USING (prompt_id)),
    paired AS (SELECT io_pair.* FROM codeio.io_pair WHERE io_pair.io_pair_id IN (SELECT asked.io_pair_id FROM asked)),
    made AS (SELECT program.* FROM codeio.program WHERE program.program_id IN (SELECT paired.program_id FROM paired)),
    judged AS (
        SELECT verdict.* FROM codeio.verdict, chosen
        WHERE verdict.verdict_id IN (chosen.first_verdict_id, chosen.second_verdict_id)
    ),
    answered AS (SELECT response.* FROM codeio.response WHERE response.response_id IN (SELECT judged.response_id FROM judged)),
    steps (step, kind, id, detail, teacher_call_id, template_sha256, stage_run_id) AS (
        SELECT 1, 'source', raw_file_origin.source_id::text, source.kind || ':' || source.locator, NULL::uuid, NULL::text, raw_file_origin.stage_run_id
        FROM made INNER JOIN codeio.raw_file_origin USING (raw_file_id) INNER JOIN codeio.source USING (source_id)
        UNION ALL
        SELECT 2, 'file', raw_file_origin.origin_id::text,
            raw_file_origin.path || ' (version ' || raw_file_origin.version || ', licence ' || raw_file_origin.licence || ')',
            NULL, NULL, raw_file_origin.stage_run_id
        FROM made INNER JOIN codeio.raw_file_origin USING (raw_file_id)
        UNION ALL
        SELECT 3, 'raw_file', raw_file.raw_file_id::text, 'sha256 ' || raw_file.blob_sha256, NULL, NULL, raw_file.stage_run_id
        FROM made INNER JOIN codeio.raw_file USING (raw_file_id)
        UNION ALL
        SELECT 4, 'program', made.program_id::text, made.entry_point || ' in ' || made.language, made.teacher_call_id,
            teacher_call.template_sha256, made.stage_run_id
        FROM made INNER JOIN codeio.teacher_call USING (teacher_call_id)
        UNION ALL
        SELECT 5, 'io_pair', paired.io_pair_id::text, 'pair ' || paired.ordinal, NULL, NULL, paired.stage_run_id FROM paired
        UNION ALL
        SELECT 6, 'prompt', asked.prompt_id::text, 'predict the ' || asked.direction, NULL, asked.template_sha256, asked.stage_run_id FROM asked
        UNION ALL
        SELECT 5 + 2 * answered.turn, 'response', answered.response_id::text, 'turn ' || answered.turn, answered.teacher_call_id,
            teacher_call.template_sha256, answered.stage_run_id
        FROM answered INNER JOIN codeio.teacher_call USING (teacher_call_id)
        UNION ALL
        SELECT 6 + 2 * answered.turn, 'verdict', judged.verdict_id::text, judged.verdict || ' (' || judged.verifier_version || ')', NULL, NULL, judged.stage_run_id
        FROM judged INNER JOIN answered USING (response_id)
        UNION ALL
        SELECT 11, 'sample', chosen.sample_id::text, '', NULL, NULL, chosen.stage_run_id FROM chosen
        UNION ALL
        SELECT 12, 'release', release.release_id::text,
            release.name || ' v' || release.version || ' ' || release.status || ' (' || release_sample.split || ') ' || release.uri,
            NULL, NULL, release.stage_run_id
        FROM chosen INNER JOIN codeio.release_sample USING (sample_id) INNER JOIN codeio.release USING (release_id)
    )
    SELECT steps.step, steps.kind, steps.id, steps.detail, teacher.model, steps.template_sha256,
        stage_run.sandbox_image_digest, stage_run.dag_id, stage_run.run_id, stage_run.task_id, stage_run.map_index,
        stage_run.try_number, stage_run.code_version, stage_run.started_at
    FROM steps
    INNER JOIN codeio.stage_run USING (stage_run_id)
    LEFT JOIN codeio.teacher_call USING (teacher_call_id)
    LEFT JOIN codeio.teacher ON teacher.teacher_id = teacher_call.teacher_id
    ORDER BY steps.step, steps.detail, steps.id;
END;
COMMENT ON FUNCTION codeio.lineage_of(uuid) IS 'Every step from the source to the releases of one sample, with the model, prompt template, sandbox image and run of each.';

GRANT SELECT ON ALL TABLES IN SCHEMA codeio TO codeio_app, codeio_auditor;

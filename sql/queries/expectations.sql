-- name: unmeasured
SELECT release_sample.sample_id
FROM codeio.release_sample
WHERE release_sample.release_id = :release_id AND NOT EXISTS (
    SELECT FROM codeio.sample_measure AS known
    WHERE known.sample_id = release_sample.sample_id AND known.definition_id = :definition_id
);

-- name: clear
DELETE FROM codeio.candidate_row WHERE candidate_row.release_id = :release_id;

-- name: fill
-- A member without a measure is one whose texts cannot be read back.
INSERT INTO codeio.candidate_row (
    release_id, sample_id, split, prompt_id, program_id, io_pair_id, raw_file_id, source_locator, source_path, licence,
    direction, verdict_1, verdict_2, teacher_id, teacher_kind, teacher_model, template_sha256, verifier_version,
    sandbox_image_digest, prompt_sha256, prompt_chars, response_chars, tokens, input_fault, output_fault, answer_fault,
    correct_output, correct_input, asks_output
)
WITH measured AS (
    SELECT known.sample_id, known.input_fault, known.output_fault, known.answer_fault, known.answer_chars,
        encode(known.prompt_sha256, 'hex') AS prompt_sha256, known.prompt_chars,
        CASE
            WHEN :turns = 1 THEN known.turn_1_chars
            ELSE known.turn_1_chars + known.feedback_1_chars + known.turn_2_chars + known.feedback_2_chars
                + :separator_chars * greatest(
                    num_nonnulls(
                        nullif(known.turn_1_chars, 0), nullif(known.feedback_1_chars, 0),
                        nullif(known.turn_2_chars, 0), nullif(known.feedback_2_chars, 0)
                    ) - 1,
                    0
                )
        END AS conversation_chars
    FROM codeio.release_sample
    INNER JOIN codeio.sample_measure AS known USING (sample_id)
    WHERE release_sample.release_id = :release_id AND known.definition_id = :definition_id
),

member AS (
    SELECT release_sample.release_id, release_sample.split, sample.sample_id, sample.prompt_id,
        sample.second_verdict_id, verdict.verdict AS verdict_1, verdict.verifier_version, verdict.response_id,
        measured.prompt_sha256, measured.prompt_chars, measured.input_fault, measured.output_fault,
        measured.answer_fault,
        CASE
            WHEN :replaces AND verdict.verdict <> 'correct' THEN measured.answer_chars
            ELSE measured.conversation_chars
        END AS response_chars
    FROM codeio.release_sample
    INNER JOIN codeio.sample USING (sample_id)
    INNER JOIN codeio.verdict ON verdict.verdict_id = sample.first_verdict_id
    LEFT JOIN measured USING (sample_id)
    WHERE release_sample.release_id = :release_id
)

SELECT member.release_id, member.sample_id, member.split, prompt.prompt_id, program.program_id, io_pair.io_pair_id,
    program.raw_file_id, file_shown.source_locator, file_shown.path AS source_path, file_shown.licence,
    prompt.direction, member.verdict_1, second_verdict.verdict AS verdict_2, teacher.teacher_id,
    teacher.kind AS teacher_kind, teacher.model AS teacher_model, prompt.template_sha256,
    member.verifier_version, pair_run.sandbox_image_digest, member.prompt_sha256, member.prompt_chars,
    member.response_chars,
    ceil((member.prompt_chars + member.response_chars) / cast(:chars_per_token AS numeric)) AS tokens,
    member.input_fault, member.output_fault, member.answer_fault,
    CASE WHEN prompt.direction = 'output' THEN cast(member.verdict_1 = 'correct' AS integer) END AS correct_output,
    CASE WHEN prompt.direction = 'input' THEN cast(member.verdict_1 = 'correct' AS integer) END AS correct_input,
    cast(prompt.direction = 'output' AS integer) AS asks_output
FROM member
INNER JOIN codeio.prompt USING (prompt_id)
INNER JOIN codeio.io_pair USING (io_pair_id)
INNER JOIN codeio.program USING (program_id)
INNER JOIN codeio.response USING (response_id)
INNER JOIN codeio.teacher USING (teacher_id)
INNER JOIN codeio.stage_run AS pair_run ON pair_run.stage_run_id = io_pair.stage_run_id
LEFT JOIN codeio.verdict AS second_verdict ON second_verdict.verdict_id = member.second_verdict_id
LEFT JOIN codeio.file_shown ON file_shown.raw_file_id = program.raw_file_id;

-- name: analyze
ANALYZE codeio.candidate_row;

-- name: samples_that_share
-- Members that have one of these prompts.
SELECT candidate_row.sample_id
FROM codeio.candidate_row
WHERE candidate_row.release_id = :release_id
    AND (candidate_row.prompt_sha256 = any(:prompts) OR candidate_row.prompt_id = any(:prompts))
ORDER BY candidate_row.prompt_sha256, candidate_row.sample_id
LIMIT :at_most;

-- What waits for each stage. A shard is the rows whose id lies in [low, high).

-- name: screen
SELECT pending_screen.raw_file_id, blob.sha256, blob.pack_key, blob.pack_offset, blob.pack_bytes
FROM codeio.pending_screen
INNER JOIN codeio.blob ON blob.sha256 = pending_screen.blob_sha256
WHERE pending_screen.raw_file_id >= :low AND pending_screen.raw_file_id < :high
ORDER BY pending_screen.raw_file_id;

-- name: transform
SELECT waiting.raw_file_id, waiting.language, waiting.by_stand_in,
    blob.sha256, blob.size_bytes, blob.pack_key, blob.pack_offset, blob.pack_bytes
FROM (
    SELECT pending_transform.*, FALSE AS by_stand_in FROM codeio.pending_transform
    UNION
    SELECT stand_in_file.*, TRUE AS by_stand_in FROM codeio.stand_in_file WHERE :also_stand_in
    UNION
    SELECT barren.*, TRUE AS by_stand_in FROM codeio.barren_file(cast(:teachers AS uuid[])) AS barren
) AS waiting
INNER JOIN codeio.blob ON blob.sha256 = waiting.blob_sha256
WHERE waiting.raw_file_id >= :low AND waiting.raw_file_id < :high
ORDER BY waiting.raw_file_id;

-- name: sample
SELECT program_id, language, entry_point, main_function, input_generator
FROM codeio.pending_sample
WHERE program_id >= :low AND program_id < :high
ORDER BY program_id;

-- name: prompt
SELECT io_pair_id, input, output, direction, language, main_function, io_description, problem_statement
FROM codeio.pending_prompt
WHERE io_pair_id >= :low AND io_pair_id < :high AND ordinal < :prompted_pairs
ORDER BY io_pair_id, direction;

-- name: answer
SELECT pending.prompt_id, pending.body, pending.template_sha256
FROM codeio.pending_answer(:teacher_id) AS pending
WHERE pending.prompt_id >= :low AND pending.prompt_id < :high
    AND pending.made_at >= coalesce(cast(:made_since AS timestamptz), '-infinity')
    AND codeio.place_in_share(pending.prompt_id) < :share
    AND (cast(:sources AS text[]) = '{}' OR EXISTS (
        SELECT FROM codeio.raw_file_origin
        INNER JOIN codeio.source USING (source_id)
        WHERE raw_file_origin.raw_file_id = pending.raw_file_id AND cast(:sources AS text[]) && ARRAY[
            source.locator, source.kind || ':' || source.locator, cast(source.source_id AS text)
        ]
    ))
    AND (:night = '' OR EXISTS (
        SELECT FROM codeio.raw_file
        INNER JOIN codeio.stage_run USING (stage_run_id)
        WHERE raw_file.raw_file_id = pending.raw_file_id AND codeio.night_of(stage_run) >= :night
    ))
ORDER BY pending.prompt_id;

-- name: verify
SELECT response.response_id, response.body, prompt.direction, io_pair.input, io_pair.output,
    program.program_id, program.language, program.entry_point, program.main_function
FROM codeio.response
INNER JOIN codeio.prompt USING (prompt_id)
INNER JOIN codeio.io_pair USING (io_pair_id)
INNER JOIN codeio.program USING (program_id)
WHERE response.response_id >= :low AND response.response_id < :high AND NOT EXISTS (
    SELECT FROM codeio.verdict
    WHERE verdict.response_id = response.response_id AND verdict.verifier_version = :verifier_version
)
ORDER BY program.program_id, response.response_id;

-- name: revise
-- Each part is worked out once: of rows that ANALYZE has not seen yet, the planner would do it for every row.
WITH pending AS MATERIALIZED (
    SELECT prompt_id, teacher_id, prompt_body, direction, turn, verdict
    FROM codeio.pending_revise
    WHERE prompt_id >= :low AND prompt_id < :high AND turn <= :revision_turns AND teacher_id = :teacher_id
),

conversation AS MATERIALIZED (
    SELECT prompt_id, json_agg(json_build_array(body, feedback) ORDER BY turn) AS turns
    FROM codeio.current_verdict
    WHERE prompt_id >= :low AND prompt_id < :high AND teacher_id = :teacher_id
    GROUP BY prompt_id
),

gain AS MATERIALIZED (
    SELECT direction, feedback_kind, turn, revised, expected_gain, mean_cost_usd
    FROM codeio.revision_gain
    WHERE teacher_id = :teacher_id AND :weighs_gain
)

SELECT pending.prompt_id, pending.prompt_body, pending.turn, conversation.turns,
    coalesce(gain.revised, 0) AS revised, gain.expected_gain, gain.mean_cost_usd
FROM pending
INNER JOIN conversation USING (prompt_id)
LEFT JOIN gain
    ON gain.direction = pending.direction AND gain.feedback_kind = pending.verdict AND gain.turn = pending.turn
ORDER BY pending.prompt_id;

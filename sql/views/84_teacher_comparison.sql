-- Teachers side by side: what each made of the prompts that another answered too.

CREATE VIEW codeio.teacher_answer AS
SELECT response.prompt_id, response.teacher_id, prompt.direction,
    min(judged.verdict) FILTER (WHERE response.turn = 1) AS first_verdict,
    (array_agg(judged.verdict ORDER BY response.turn DESC))[1] AS last_verdict,
    max(response.turn) AS turns, sum(teacher_call.prompt_tokens) AS prompt_tokens,
    sum(teacher_call.completion_tokens) AS completion_tokens, sum(teacher_call.cost_usd) AS cost_usd
FROM codeio.response
INNER JOIN codeio.prompt USING (prompt_id)
INNER JOIN codeio.teacher_call USING (teacher_call_id)
-- The verdict in force, as codeio.current_verdict says; that view cannot be asked about a range of prompts.
CROSS JOIN LATERAL (
    SELECT verdict.verdict
    FROM codeio.verdict
    INNER JOIN codeio.stage_run ON stage_run.stage_run_id = verdict.stage_run_id
    WHERE verdict.response_id = response.response_id
    ORDER BY stage_run.started_at DESC, verdict.verdict_id
    LIMIT 1
) AS judged
WHERE response.rollout = 0
GROUP BY response.prompt_id, response.teacher_id, prompt.direction
HAVING bool_or(response.turn = 1);
COMMENT ON VIEW codeio.teacher_answer IS 'What became of each prompt that a teacher answered, and what it took.';
COMMENT ON COLUMN codeio.teacher_answer.prompt_id IS 'The prompt.';
COMMENT ON COLUMN codeio.teacher_answer.teacher_id IS 'The teacher.';
COMMENT ON COLUMN codeio.teacher_answer.first_verdict IS 'Verdict on the first answer.';
COMMENT ON COLUMN codeio.teacher_answer.last_verdict IS 'Verdict on the last one.';
COMMENT ON COLUMN codeio.teacher_answer.turns IS 'Answers, revisions included.';
COMMENT ON COLUMN codeio.teacher_answer.prompt_tokens IS 'Tokens read for all of them.';
COMMENT ON COLUMN codeio.teacher_answer.completion_tokens IS 'Tokens written in all of them.';
COMMENT ON COLUMN codeio.teacher_answer.cost_usd IS 'US dollars for all of them; null when no price is known.';

CREATE FUNCTION codeio.compare_teachers(upto uuid)
RETURNS TABLE (
    teacher_id uuid, other_teacher_id uuid, direction text, prompts bigint, right_at_first bigint,
    right_in_the_end bigint, only_right bigint, prompt_tokens bigint, completion_tokens bigint, cost_usd numeric,
    cost_per_right_usd numeric
)
LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH answer AS MATERIALIZED (
        SELECT teacher_answer.*, teacher_answer.last_verdict = 'correct' AS is_right
        FROM codeio.teacher_answer
        WHERE teacher_answer.prompt_id <= upto
    )
    SELECT mine.teacher_id, other.teacher_id AS other_teacher_id, coalesce(mine.direction, 'both') AS direction,
        count(*) AS prompts,
        count(*) FILTER (WHERE mine.first_verdict = 'correct') AS right_at_first,
        count(*) FILTER (WHERE mine.is_right) AS right_in_the_end,
        count(*) FILTER (WHERE mine.is_right AND NOT other.is_right) AS only_right,
        sum(mine.prompt_tokens)::bigint AS prompt_tokens, sum(mine.completion_tokens)::bigint AS completion_tokens,
        sum(mine.cost_usd) AS cost_usd,
        sum(mine.cost_usd) / nullif(count(*) FILTER (WHERE mine.is_right), 0) AS cost_per_right_usd
    FROM answer AS mine
    INNER JOIN answer AS other ON other.prompt_id = mine.prompt_id
    GROUP BY GROUPING SETS (
        (mine.teacher_id, other.teacher_id, mine.direction), (mine.teacher_id, other.teacher_id)
    );
END;
COMMENT ON FUNCTION codeio.compare_teachers(uuid) IS
'codeio.teacher_comparison over the prompts up to an id: as ids are spread evenly, those up to a tenth of the highest '
'id are a tenth of the prompts, drawn at random.';

CREATE VIEW codeio.teacher_comparison AS
SELECT compared.* FROM codeio.compare_teachers('ffffffff-ffff-ffff-ffff-ffffffffffff') AS compared;
COMMENT ON VIEW codeio.teacher_comparison IS
'Each teacher beside each, over the prompts that both answered; beside itself, over all that it answered.';
COMMENT ON COLUMN codeio.teacher_comparison.teacher_id IS 'The teacher that the figures are of.';
COMMENT ON COLUMN codeio.teacher_comparison.other_teacher_id IS 'The teacher that answered the same prompts.';
COMMENT ON COLUMN codeio.teacher_comparison.direction IS 'What the prompts ask for: input, output, or both together.';
COMMENT ON COLUMN codeio.teacher_comparison.prompts IS 'Prompts that both answered.';
COMMENT ON COLUMN codeio.teacher_comparison.right_at_first IS 'Of them, those that its first answer is right to.';
COMMENT ON COLUMN codeio.teacher_comparison.right_in_the_end IS 'The same after revisions.';
COMMENT ON COLUMN codeio.teacher_comparison.only_right IS
'Of these, those that the other teacher is wrong to, after revisions.';
COMMENT ON COLUMN codeio.teacher_comparison.prompt_tokens IS 'Tokens read for its answers, revisions included.';
COMMENT ON COLUMN codeio.teacher_comparison.completion_tokens IS 'Tokens written in them.';
COMMENT ON COLUMN codeio.teacher_comparison.cost_usd IS 'US dollars for them; null when no price is known.';
COMMENT ON COLUMN codeio.teacher_comparison.cost_per_right_usd IS
'US dollars for each that is right in the end; null when no price is known or none is right.';

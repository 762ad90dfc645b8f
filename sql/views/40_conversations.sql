-- Finished conversations, and what answers and calls to teachers were worth.

CREATE VIEW codeio.complete_conversation AS
SELECT finished.prompt_id, finished.teacher_id, finished.program_id, finished.raw_file_id, finished.transformer_id,
    finished.program_made_at, finished.first_verdict_id, finished.second_verdict_id
FROM (
    SELECT prompt.prompt_id, first.teacher_id, io_pair.program_id, program.raw_file_id,
        transform_call.teacher_id AS transformer_id, program_run.started_at AS program_made_at,
        first.verdict_id AS first_verdict_id, second.verdict_id AS second_verdict_id,
        rank() OVER (
            PARTITION BY program.raw_file_id, first.teacher_id, transform_call.teacher_id
            ORDER BY program_run.started_at DESC, program.program_id
        ) AS program_rank,
        rank() OVER (
            PARTITION BY prompt.io_pair_id, prompt.direction, first.teacher_id
            ORDER BY prompt_run.started_at DESC, prompt.prompt_id
        ) AS prompt_rank
    FROM codeio.prompt
    INNER JOIN codeio.io_pair USING (io_pair_id)
    INNER JOIN codeio.program USING (program_id)
    INNER JOIN codeio.teacher_call AS transform_call ON transform_call.teacher_call_id = program.teacher_call_id
    INNER JOIN codeio.stage_run AS program_run ON program_run.stage_run_id = program.stage_run_id
    INNER JOIN codeio.stage_run AS prompt_run ON prompt_run.stage_run_id = prompt.stage_run_id
    INNER JOIN codeio.current_verdict AS first ON first.prompt_id = prompt.prompt_id AND first.turn = 1
    LEFT JOIN codeio.current_verdict AS second
        ON second.prompt_id = prompt.prompt_id AND second.turn = 2 AND second.teacher_id = first.teacher_id
    WHERE (first.verdict = 'correct' OR second.verdict_id IS NOT NULL OR EXISTS (
        SELECT FROM codeio.drop_record
        WHERE drop_record.stage = 'revise' AND drop_record.subject_id = prompt.prompt_id
            AND drop_record.teacher_id = first.teacher_id
    ) OR EXISTS (
        -- It stays as it was until the revision that is tried again is judged.
        SELECT FROM codeio.requeued_drop
        WHERE requeued_drop.stage = 'revise' AND requeued_drop.subject_id = prompt.prompt_id
            AND requeued_drop.teacher_id = first.teacher_id
    )) AND NOT EXISTS (
        SELECT FROM codeio.refused_file WHERE refused_file.raw_file_id = program.raw_file_id
    ) AND NOT EXISTS (
        SELECT FROM codeio.refuted_pair WHERE refuted_pair.io_pair_id = prompt.io_pair_id
    )
) AS finished
-- Equal to 1, but of an equation the planner expects one row in 200, and would join the few by loops.
WHERE finished.program_rank <= 1 AND finished.prompt_rank <= 1;
COMMENT ON VIEW codeio.complete_conversation IS
'Complete conversations of a prompt with a teacher (answered rightly, or revised once) in force: of the programs that '
'one teacher made of a file, and of the prompts about a pair, the latest that the other finished; no '
'file that is refused, no refuted pair.';
COMMENT ON COLUMN codeio.complete_conversation.teacher_id IS 'Who answered, in both turns.';
COMMENT ON COLUMN codeio.complete_conversation.program_id IS 'The program it asks about.';
COMMENT ON COLUMN codeio.complete_conversation.raw_file_id IS 'The file that the program was made of.';
COMMENT ON COLUMN codeio.complete_conversation.transformer_id IS 'Who wrote the program.';
COMMENT ON COLUMN codeio.complete_conversation.program_made_at IS
'When the task began that wrote it: of the programs of a file, releases take the latest by those they choose.';
COMMENT ON COLUMN codeio.complete_conversation.first_verdict_id IS
'Verdict on the first answer, which names the answer.';
COMMENT ON COLUMN codeio.complete_conversation.second_verdict_id IS
'Verdict on the revision; null when there was none.';

CREATE VIEW codeio.finished_conversation AS
SELECT complete_conversation.*
FROM codeio.complete_conversation
WHERE NOT EXISTS (
    SELECT FROM codeio.quarantined_file WHERE quarantined_file.raw_file_id = complete_conversation.raw_file_id
);
COMMENT ON VIEW codeio.finished_conversation IS 'Complete conversations about files that are not in quarantine.';
COMMENT ON COLUMN codeio.finished_conversation.raw_file_id IS 'The file that the program was made of.';

CREATE VIEW codeio.question_number AS
SELECT prompt.prompt_id, dense_rank() OVER (
    PARTITION BY io_pair.program_id
    ORDER BY io_pair.ordinal, (prompt.direction = 'output') <> (get_byte(uuid_send(io_pair.program_id), 15) % 2 = 0)
)::integer AS question
FROM codeio.prompt
INNER JOIN codeio.io_pair USING (io_pair_id);
COMMENT ON VIEW codeio.question_number IS
'Number of each prompt among those of its program, from 1: pair by pair. By its id, a program begins with the output '
'or the input, so the first N are balanced.';
COMMENT ON COLUMN codeio.question_number.question IS 'Number of the question within its program, from 1.';

CREATE VIEW codeio.verdict_share AS
SELECT prompt.direction, current_verdict.turn, current_verdict.verdict, count(*) AS rows
FROM codeio.current_verdict
INNER JOIN codeio.prompt USING (prompt_id)
GROUP BY prompt.direction, current_verdict.turn, current_verdict.verdict;
COMMENT ON VIEW codeio.verdict_share IS 'Verdicts by direction and turn.';
COMMENT ON COLUMN codeio.verdict_share.rows IS 'How many responses got the verdict.';

CREATE VIEW codeio.revision_gain AS
SELECT wrong.teacher_id, prompt.direction, wrong.verdict AS feedback_kind, wrong.turn,
    count(*) AS revised,
    count(*) FILTER (WHERE revision.verdict = 'correct') AS repaired,
    (count(*) FILTER (WHERE revision.verdict = 'correct') + 1.0) / (count(*) + 2) AS expected_gain,
    avg(teacher_call.cost_usd) AS mean_cost_usd
FROM codeio.current_verdict AS wrong
INNER JOIN codeio.current_verdict AS revision
    ON revision.prompt_id = wrong.prompt_id AND revision.teacher_id = wrong.teacher_id
        AND revision.rollout = wrong.rollout AND revision.turn = wrong.turn + 1
INNER JOIN codeio.response ON response.response_id = revision.response_id
INNER JOIN codeio.teacher_call ON teacher_call.teacher_call_id = response.teacher_call_id
INNER JOIN codeio.prompt ON prompt.prompt_id = wrong.prompt_id
WHERE wrong.verdict <> 'correct'
GROUP BY wrong.teacher_id, prompt.direction, wrong.verdict, wrong.turn;
COMMENT ON VIEW codeio.revision_gain IS
'What revisions were worth so far, by teacher, direction, kind of feedback and turn.';
COMMENT ON COLUMN codeio.revision_gain.feedback_kind IS 'Verdict that the teacher was told about.';
COMMENT ON COLUMN codeio.revision_gain.turn IS 'Turn that was wrong.';
COMMENT ON COLUMN codeio.revision_gain.revised IS 'Wrong answers that were revised.';
COMMENT ON COLUMN codeio.revision_gain.repaired IS 'Revisions that were right.';
COMMENT ON COLUMN codeio.revision_gain.expected_gain IS
'Expected share repaired of the next ones (rule of succession).';
COMMENT ON COLUMN codeio.revision_gain.mean_cost_usd IS 'Mean price of a revision; null when no price is known.';

CREATE VIEW codeio.teacher_cost AS
WITH accepted AS (
    SELECT program.teacher_call_id
    FROM codeio.program
    WHERE EXISTS (SELECT FROM codeio.io_pair WHERE io_pair.program_id = program.program_id)
    UNION ALL
    SELECT response.teacher_call_id
    FROM codeio.current_verdict
    INNER JOIN codeio.response ON response.response_id = current_verdict.response_id
    WHERE current_verdict.verdict = 'correct'
)
SELECT stage_run.dag_id, stage_run.run_id, teacher.teacher_id, codeio.teacher_name(teacher) AS teacher,
    teacher.kind AS teacher_kind, teacher.model AS teacher_model, teacher_call.purpose, count(*) AS calls,
    sum(teacher_call.prompt_tokens) AS prompt_tokens, sum(teacher_call.completion_tokens) AS completion_tokens,
    sum(teacher_call.cost_usd) AS cost_usd, count(accepted.teacher_call_id) AS accepted_rows,
    sum(teacher_call.cost_usd) / nullif(count(accepted.teacher_call_id), 0) AS cost_per_accepted_row_usd
FROM codeio.teacher_call
INNER JOIN codeio.teacher ON teacher.teacher_id = teacher_call.teacher_id
INNER JOIN codeio.stage_run ON stage_run.stage_run_id = teacher_call.stage_run_id
LEFT JOIN accepted ON accepted.teacher_call_id = teacher_call.teacher_call_id
GROUP BY stage_run.dag_id, stage_run.run_id, teacher.teacher_id, teacher_call.purpose;
COMMENT ON VIEW codeio.teacher_cost IS
'Calls, tokens and dollars of each run, and dollars for each row they gave: a program with pairs, or a right answer.';
COMMENT ON COLUMN codeio.teacher_cost.teacher_id IS 'Who was called.';
COMMENT ON COLUMN codeio.teacher_cost.teacher IS 'What people call the teacher.';
COMMENT ON COLUMN codeio.teacher_cost.teacher_kind IS 'Kind of the teacher.';
COMMENT ON COLUMN codeio.teacher_cost.teacher_model IS 'Its model.';
COMMENT ON COLUMN codeio.teacher_cost.calls IS 'Calls.';
COMMENT ON COLUMN codeio.teacher_cost.accepted_rows IS 'Rows they gave: programs with pairs, or right answers.';
COMMENT ON COLUMN codeio.teacher_cost.cost_per_accepted_row_usd IS
'Dollars for each of them; null when a price is not known or there is none.';

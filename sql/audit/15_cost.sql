-- What did the requests to each model cost, by purpose?
SELECT teacher.model, teacher_call.purpose, count(*) AS calls, sum(teacher_call.prompt_tokens) AS prompt_tokens,
    sum(teacher_call.completion_tokens) AS completion_tokens, sum(teacher_call.cost_usd) AS cost_usd
FROM codeio.teacher_call
INNER JOIN codeio.teacher USING (teacher_id)
GROUP BY teacher.model, teacher_call.purpose
ORDER BY teacher.model, teacher_call.purpose;

-- What is known of releases by now, what differs between them, and what they cost.

CREATE VIEW codeio.release_flaw AS
WITH named (release_id, sample_id, flaw) AS (
    SELECT release_sample.release_id, release_sample.sample_id, 'leak'
    FROM codeio.leak
    INNER JOIN codeio.io_pair USING (program_id)
    INNER JOIN codeio.prompt USING (io_pair_id)
    INNER JOIN codeio.sample USING (prompt_id)
    INNER JOIN codeio.release_sample USING (sample_id)
    UNION
    SELECT release_sample.release_id, release_sample.sample_id, 'takedown'
    FROM codeio.taken_down_file
    INNER JOIN codeio.program USING (raw_file_id)
    INNER JOIN codeio.io_pair USING (program_id)
    INNER JOIN codeio.prompt USING (io_pair_id)
    INNER JOIN codeio.sample USING (prompt_id)
    INNER JOIN codeio.release_sample USING (sample_id)
)
SELECT release.release_id, count(*) FILTER (WHERE named.flaw = 'leak') AS leaks,
    count(*) FILTER (WHERE named.flaw = 'takedown') AS taken_down
FROM codeio.release
LEFT JOIN named USING (release_id)
GROUP BY release.release_id;
COMMENT ON VIEW codeio.release_flaw IS
'What is known by now of the samples of a release, also of one published before.';
COMMENT ON COLUMN codeio.release_flaw.release_id IS 'The release.';
COMMENT ON COLUMN codeio.release_flaw.leaks IS 'Samples that leak a benchmark in use.';
COMMENT ON COLUMN codeio.release_flaw.taken_down IS 'Samples of files that were taken down.';

CREATE VIEW codeio.release_change AS
SELECT older.release_id AS old_release_id, newer.release_id AS new_release_id,
    coalesce(old_sample.sample_id, new_sample.sample_id) AS sample_id,
    CASE num_nulls(old_sample.sample_id) - num_nulls(new_sample.sample_id)
        WHEN 1 THEN 'added' WHEN -1 THEN 'removed' ELSE 'moved'
    END AS change,
    old_sample.split AS old_split, new_sample.split AS new_split
FROM codeio.release AS older
INNER JOIN codeio.release AS newer ON newer.release_id <> older.release_id
CROSS JOIN LATERAL (
    SELECT codeio.release_sample.sample_id FROM codeio.release_sample
    WHERE release_sample.release_id IN (older.release_id, newer.release_id)
    GROUP BY release_sample.sample_id
) AS either
LEFT JOIN codeio.release_sample AS old_sample
    ON old_sample.release_id = older.release_id AND old_sample.sample_id = either.sample_id
LEFT JOIN codeio.release_sample AS new_sample
    ON new_sample.release_id = newer.release_id AND new_sample.sample_id = either.sample_id
WHERE old_sample.split IS DISTINCT FROM new_sample.split;
COMMENT ON VIEW codeio.release_change IS
'Samples that were added, removed or moved to another split from one release to another; give both ids.';
COMMENT ON COLUMN codeio.release_change.old_release_id IS 'The release before; give one.';
COMMENT ON COLUMN codeio.release_change.new_release_id IS 'The release after; give one.';
COMMENT ON COLUMN codeio.release_change.change IS 'added, removed, or moved to another split.';
COMMENT ON COLUMN codeio.release_change.old_split IS 'Split in the release before; null when added.';
COMMENT ON COLUMN codeio.release_change.new_split IS 'Split in the release after; null when removed.';

CREATE VIEW codeio.release_cost AS
WITH member AS (
    SELECT release_sample.release_id, sample.prompt_id, sample.first_verdict_id, sample.second_verdict_id
    FROM codeio.release_sample
    INNER JOIN codeio.sample USING (sample_id)
),
used AS (
    SELECT member.release_id, response.teacher_call_id
    FROM member
    INNER JOIN codeio.verdict ON verdict.verdict_id IN (member.first_verdict_id, member.second_verdict_id)
    INNER JOIN codeio.response USING (response_id)
    UNION
    SELECT member.release_id, program.teacher_call_id
    FROM member
    INNER JOIN codeio.prompt USING (prompt_id)
    INNER JOIN codeio.io_pair USING (io_pair_id)
    INNER JOIN codeio.program USING (program_id)
)
SELECT used.release_id, teacher_call.purpose, count(*) AS calls, sum(teacher_call.prompt_tokens) AS prompt_tokens,
    sum(teacher_call.completion_tokens) AS completion_tokens, sum(teacher_call.cost_usd) AS cost_usd,
    count(*) FILTER (WHERE teacher_call.cost_usd IS NULL) AS unpriced_calls
FROM used
INNER JOIN codeio.teacher_call USING (teacher_call_id)
GROUP BY used.release_id, teacher_call.purpose;
COMMENT ON VIEW codeio.release_cost IS
'Teacher calls whose replies stand in a release, by purpose, with tokens and US dollars; calls of replies that were '
'dropped are not among them.';
COMMENT ON COLUMN codeio.release_cost.calls IS 'Calls.';
COMMENT ON COLUMN codeio.release_cost.unpriced_calls IS
'Calls of a model whose price is not known; they are not in the cost.';

CREATE FUNCTION codeio.refuse_hard_override() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM codeio.gate_result
        WHERE gate_result.gate_result_id = NEW.gate_result_id AND gate_result.severity = 'hard'
    ) THEN
        RAISE EXCEPTION 'a hard gate cannot be overridden' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
COMMENT ON FUNCTION codeio.refuse_hard_override() IS 'Keeps overrides of hard gates out, whoever inserts them.';
CREATE TRIGGER gate_override_soft_only BEFORE INSERT ON codeio.gate_override
FOR EACH ROW EXECUTE FUNCTION codeio.refuse_hard_override();

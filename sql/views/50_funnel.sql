-- Rows by stage.

CREATE VIEW codeio.drop_reason AS
SELECT drop_record.stage, drop_record.reason, count(*) AS rows
FROM codeio.drop_record
GROUP BY drop_record.stage, drop_record.reason;
COMMENT ON VIEW codeio.drop_reason IS 'How many rows each stage dropped, by reason.';
COMMENT ON COLUMN codeio.drop_reason.stage IS 'The stage that dropped them.';
COMMENT ON COLUMN codeio.drop_reason.rows IS 'How many rows it dropped for the reason.';

CREATE VIEW codeio.funnel AS
WITH dropped AS (
    SELECT drop_record.stage, count(*) AS rows FROM codeio.drop_record GROUP BY drop_record.stage
),
done (position, stage, passed) AS (
    SELECT 1, 'ingest', count(*) FROM codeio.origin_state WHERE origin_state.state = 'kept'
    -- What survived until it was no longer present passed all the same.
    UNION ALL SELECT 2, 'dedup', count(*) FROM (
        SELECT dedup_result.subject_id FROM codeio.dedup_result WHERE dedup_result.matched_id IS null
        UNION ALL
        SELECT judged_before.subject_id
        FROM codeio.judged_before
        WHERE judged_before.turn = 0 AND NOT EXISTS (
            SELECT FROM codeio.dedup_result WHERE dedup_result.subject_id = judged_before.subject_id
        )
    ) AS survivor
    UNION ALL SELECT 3, 'screen', count(*) FROM codeio.raw_file
        WHERE raw_file.raw_file_id NOT IN (
            SELECT quarantined_file.raw_file_id FROM codeio.quarantined_file
            UNION ALL SELECT pending_screen.raw_file_id FROM codeio.pending_screen
        )
    UNION ALL SELECT 4, 'transform', count(*) FROM codeio.program
    UNION ALL SELECT 5, 'sample', count(DISTINCT io_pair.program_id) FROM codeio.io_pair
    UNION ALL SELECT 6, 'prompt', count(*) FROM codeio.prompt
    UNION ALL SELECT 7, 'answer', count(*) FROM codeio.response WHERE response.turn = 1
    UNION ALL SELECT 8, 'revise', count(*) FROM codeio.response WHERE response.turn = 2
    UNION ALL SELECT 9, 'verify', count(*) FROM codeio.current_verdict
    UNION ALL SELECT 10, 'release', count(*) FROM codeio.sample
),
waiting (stage, rows) AS (
    SELECT 'ingest', count(*) FROM codeio.origin_state WHERE origin_state.state = 'waiting'
    UNION ALL SELECT 'dedup', count(*) FROM codeio.pending_dedup
    UNION ALL SELECT 'screen', count(*) FROM codeio.pending_screen
    UNION ALL SELECT 'transform', count(*) FROM codeio.pending_transform
    UNION ALL SELECT 'sample', count(*) FROM codeio.pending_sample
    UNION ALL SELECT 'answer', count(*)
        FROM codeio.pending_answer((SELECT current_teacher.teacher_id FROM codeio.current_teacher))
    -- In a WHERE the planner would take these for conditions that leave one row.
    UNION ALL SELECT 'revise', count(*) FILTER (
        WHERE pending_revise.turn = 1 AND pending_revise.teacher_id
            = coalesce((SELECT current_teacher.teacher_id FROM codeio.current_teacher), pending_revise.teacher_id)
    ) FROM codeio.pending_revise
    UNION ALL SELECT 'verify', count(*) FROM codeio.response
        WHERE NOT EXISTS (SELECT FROM codeio.verdict WHERE verdict.response_id = response.response_id)
)
SELECT done.position, done.stage, done.passed, coalesce(dropped.rows, 0) AS dropped,
    coalesce(waiting.rows, 0) AS pending
FROM done
LEFT JOIN dropped USING (stage)
LEFT JOIN waiting USING (stage);
COMMENT ON VIEW codeio.funnel IS
'Rows that passed, were dropped by or wait for each stage; for answers and revisions, those of the current teacher '
'wait, whatever its scope.';
COMMENT ON COLUMN codeio.funnel.position IS 'Order of the stages, from 1.';
COMMENT ON COLUMN codeio.funnel.stage IS 'The stage.';
COMMENT ON COLUMN codeio.funnel.passed IS 'Rows it let through.';
COMMENT ON COLUMN codeio.funnel.dropped IS 'Rows it dropped, for whatever reason.';
COMMENT ON COLUMN codeio.funnel.pending IS 'Rows that wait for it.';

-- name: members
-- The rows of a release with what is said of them `until` some moment, and the place that stood for each when the
-- release was `assembled`.
WITH member AS (
    SELECT release_sample.sample_id, release_sample.split, sample.prompt_id,
        sample.first_verdict_id, sample.second_verdict_id,
        io_pair.program_id, prompt.direction, program.raw_file_id, program.language,
        transform_call.teacher_id AS transformer_id, program_run.started_at AS program_made_at
    FROM codeio.release_sample
    INNER JOIN codeio.sample USING (sample_id)
    INNER JOIN codeio.prompt USING (prompt_id)
    INNER JOIN codeio.io_pair USING (io_pair_id)
    INNER JOIN codeio.program USING (program_id)
    INNER JOIN codeio.stage_run AS program_run ON program_run.stage_run_id = program.stage_run_id
    INNER JOIN codeio.teacher_call AS transform_call ON transform_call.teacher_call_id = program.teacher_call_id
    WHERE release_sample.release_id = :release_id
)
SELECT member.sample_id, member.split, member.prompt_id, member.program_id, question_number.question, member.direction,
    member.first_verdict_id, member.second_verdict_id, first_verdict.response_id AS first_response_id,
    second_verdict.response_id AS second_response_id, first_verdict.verdict AS verdict_1,
    second_verdict.verdict AS verdict_2, first_verdict.verifier_version, member.raw_file_id, member.language,
    member.transformer_id, member.program_made_at, first_response.teacher_id, codeio.night_of(file_run) AS night,
    origin.path, origin.source, origin.repository, file_licence.licence,
    program_in_force.program_id IS NOT NULL AS present,
    (
        SELECT CASE
            WHEN count(*) = 0 THEN NULL
            WHEN bool_or(standing.origin_id = raw_file_origin.origin_id) THEN 'itself'
            WHEN bool_or(standing.origin_id IS NOT NULL) THEN 'another'
            ELSE 'nothing'
        END
        FROM codeio.raw_file_origin
        INNER JOIN codeio.tree_change ON tree_change.origin_id = raw_file_origin.origin_id
        INNER JOIN codeio.tree_at(:until) AS standing
            ON standing.source_id = tree_change.source_id AND standing.place_id = tree_change.place_id
        WHERE raw_file_origin.raw_file_id = member.raw_file_id
    ) AS stood,
    greatest(first_run.started_at, second_run.started_at) AS finished_at,
    (
        SELECT string_agg(
            reach.kind || ' ' || reach.value || ' (' || reach.reason || ')', '; ' ORDER BY reach.kind, reach.value
        )
        FROM codeio.takedown_reach AS reach
        WHERE reach.raw_file_id = member.raw_file_id AND reach.taken_down_at <= :until
            AND (reach.undone_at IS NULL OR reach.undone_at > :until)
    ) AS takedowns,
    (
        SELECT drop_record.reason || ': ' || drop_record.detail
        FROM codeio.drop_record
        WHERE (drop_record.stage, drop_record.subject_id) IN (
                ('screen', member.raw_file_id), ('release', member.program_id)
            ) AND drop_record.dropped_at <= :until
        ORDER BY drop_record.stage DESC
        LIMIT 1
    ) AS drop
FROM member
INNER JOIN codeio.question_number USING (prompt_id)
INNER JOIN codeio.verdict AS first_verdict ON first_verdict.verdict_id = member.first_verdict_id
INNER JOIN codeio.response AS first_response ON first_response.response_id = first_verdict.response_id
INNER JOIN codeio.raw_file ON raw_file.raw_file_id = member.raw_file_id
INNER JOIN codeio.file_licence ON file_licence.raw_file_id = member.raw_file_id
INNER JOIN codeio.stage_run AS file_run ON file_run.stage_run_id = raw_file.stage_run_id
INNER JOIN codeio.stage_run AS first_run ON first_run.stage_run_id = first_verdict.stage_run_id
LEFT JOIN codeio.program_in_force ON program_in_force.program_id = member.program_id
LEFT JOIN codeio.verdict AS second_verdict ON second_verdict.verdict_id = member.second_verdict_id
LEFT JOIN codeio.stage_run AS second_run ON second_run.stage_run_id = second_verdict.stage_run_id
CROSS JOIN LATERAL (
    SELECT source.kind || ':' || codeio.released_name(source.locator) AS source, current_origin.path,
        current_origin.repository
    FROM codeio.current_origin
    INNER JOIN codeio.source USING (source_id)
    LEFT JOIN codeio.tree_at(:assembled) AS shown ON shown.origin_id = current_origin.origin_id
    WHERE current_origin.raw_file_id = member.raw_file_id
    ORDER BY current_origin.passes DESC, shown.place_id IS NULL, source.kind, source.locator, current_origin.version,
        current_origin.path
    LIMIT 1
) AS origin
ORDER BY member.prompt_id, first_response.teacher_id;

-- What the pages in the Airflow UI show. Run as codeio_auditor; a page reads rollups, or facts by an index.

-- name: stages
-- For answers and revisions, `closed` and `wrong` count those of the current teacher alone.
WITH current_one AS (
    SELECT current_teacher.teacher_id, current_teacher.left_out FROM codeio.current_teacher
)
SELECT tally.stage,
    -- A file has passed ingest while a place keeps it.
    cast(greatest(coalesce(CASE tally.stage
        WHEN 'ingest' THEN
            coalesce(sum(tally.rows) FILTER (WHERE tally.outcome = 'seen'), 0)
            - coalesce(sum(tally.rows) FILTER (WHERE tally.outcome = 'set_aside'), 0)
        ELSE sum(tally.rows) FILTER (WHERE tally.outcome = 'passed')
    END, 0), 0) AS bigint) AS passed,
    cast(coalesce(sum(tally.subjects) FILTER (
        WHERE tally.outcome = 'passed' AND coalesce(tally.turn, 0) <= 2
    ), 0) AS bigint) AS settled,
    cast(coalesce(sum(tally.rows) FILTER (WHERE tally.outcome = 'dropped'), 0) AS bigint) AS dropped,
    cast(coalesce(sum(tally.subjects) FILTER (
        WHERE tally.outcome IN ('passed', 'dropped') AND coalesce(tally.turn, 0) <= 2
            AND (tally.stage NOT IN ('answer', 'revise')
                OR coalesce(tally.teacher_id = (SELECT current_one.teacher_id FROM current_one), TRUE))
    ), 0) + CASE tally.stage WHEN 'answer' THEN coalesce((SELECT current_one.left_out FROM current_one), 0) ELSE 0 END
    AS bigint) AS closed,
    cast(coalesce(sum(tally.rows) FILTER (
        WHERE tally.turn = 1 AND tally.verdict <> 'correct'
            AND coalesce(tally.teacher_id = (SELECT current_one.teacher_id FROM current_one), TRUE)
    ), 0) AS bigint) AS wrong
FROM codeio.stage_run_tally AS tally
INNER JOIN codeio.stage_run USING (stage_run_id)
WHERE (:dag_id = '' OR stage_run.dag_id = :dag_id) AND (:run_id = '' OR stage_run.run_id = :run_id)
GROUP BY tally.stage;

-- name: drops
SELECT tally.stage, tally.reason, cast(sum(tally.rows) AS bigint) AS rows
FROM codeio.stage_run_tally AS tally
INNER JOIN codeio.stage_run USING (stage_run_id)
WHERE tally.outcome = 'dropped'
    AND (:dag_id = '' OR stage_run.dag_id = :dag_id) AND (:run_id = '' OR stage_run.run_id = :run_id)
GROUP BY tally.stage, tally.reason
HAVING sum(tally.rows) > 0
ORDER BY sum(tally.rows) DESC, tally.reason;

-- name: verdicts
SELECT tally.verdict, tally.direction, tally.turn,
    cast(sum(tally.rows) AS bigint) AS rows
FROM codeio.stage_run_tally AS tally
INNER JOIN codeio.stage_run USING (stage_run_id)
WHERE tally.stage = 'verify' AND tally.outcome = 'passed'
    AND (:dag_id = '' OR stage_run.dag_id = :dag_id) AND (:run_id = '' OR stage_run.run_id = :run_id)
GROUP BY tally.verdict, tally.direction, tally.turn
ORDER BY sum(tally.rows) DESC, tally.verdict;

-- name: spending
WITH run_tally AS (
    SELECT tally.*
    FROM codeio.stage_run_tally AS tally
    INNER JOIN codeio.stage_run USING (stage_run_id)
    WHERE (:dag_id = '' OR stage_run.dag_id = :dag_id) AND (:run_id = '' OR stage_run.run_id = :run_id)
), accepted AS (
    SELECT CASE WHEN stage = 'sample' THEN 'transform' WHEN turn = 1 THEN 'answer' ELSE 'revise' END AS purpose,
        sum(CASE WHEN stage = 'sample' THEN subjects ELSE rows END) AS rows
    FROM run_tally
    WHERE outcome = 'passed' AND (stage = 'sample' OR (stage = 'verify' AND verdict = 'correct'))
    GROUP BY purpose
)
SELECT run_tally.stage AS purpose, cast(sum(run_tally.rows) AS bigint) AS calls,
    cast(sum(run_tally.prompt_tokens) AS bigint) AS prompt_tokens,
    cast(sum(run_tally.completion_tokens) AS bigint) AS completion_tokens,
    cast(sum(run_tally.cost_usd) AS double precision) AS cost_usd,
    cast(coalesce(accepted.rows, 0) AS bigint) AS accepted,
    cast(sum(run_tally.cost_usd) / nullif(accepted.rows, 0) AS double precision) AS cost_per_accepted_usd
FROM run_tally
LEFT JOIN accepted ON accepted.purpose = run_tally.stage
WHERE run_tally.outcome = 'called'
GROUP BY run_tally.stage, accepted.rows
ORDER BY calls DESC, purpose;

-- name: nights
SELECT cast((stage_run.started_at AT TIME ZONE 'UTC') AS date) AS night, tally.stage,
    cast(coalesce(sum(tally.rows) FILTER (WHERE tally.outcome = 'passed'), 0) AS bigint) AS passed,
    cast(coalesce(sum(tally.rows) FILTER (WHERE tally.verdict = 'correct'), 0) AS bigint) AS correct,
    cast(coalesce(sum(tally.subjects) FILTER (WHERE tally.outcome = 'passed'), 0) AS bigint) AS settled,
    cast(coalesce(sum(tally.rows) FILTER (WHERE tally.outcome = 'dropped'), 0) AS bigint) AS dropped,
    cast(coalesce(sum(tally.prompt_tokens + tally.completion_tokens), 0) AS bigint) AS tokens,
    cast(sum(tally.cost_usd) AS double precision) AS cost_usd
FROM codeio.stage_run
INNER JOIN codeio.stage_run_tally AS tally USING (stage_run_id)
WHERE stage_run.started_at >= :since
GROUP BY night, tally.stage
ORDER BY night, tally.stage;

-- name: runs
SELECT stage_run.dag_id, stage_run.run_id, min(stage_run.started_at) AS started_at,
    max(tally.updated_at) AS ended_at,
    cast(coalesce(sum(tally.rows) FILTER (WHERE tally.outcome = 'passed'), 0) AS bigint) AS passed,
    cast(coalesce(sum(tally.rows) FILTER (WHERE tally.outcome = 'dropped'), 0) AS bigint) AS dropped,
    cast(coalesce(sum(tally.prompt_tokens + tally.completion_tokens), 0) AS bigint) AS tokens,
    cast(sum(tally.cost_usd) AS double precision) AS cost_usd
FROM codeio.stage_run
INNER JOIN codeio.stage_run_tally AS tally USING (stage_run_id)
GROUP BY stage_run.dag_id, stage_run.run_id
HAVING min(stage_run.started_at) < :before
ORDER BY started_at DESC
LIMIT :page_rows;

-- name: shards
SELECT stage_run.stage_run_id, stage_run.stage, stage_run.task_id, stage_run.map_index, stage_run.try_number,
    stage_run.started_at, max(tally.updated_at) AS ended_at,
    cast(coalesce(sum(tally.rows) FILTER (WHERE tally.outcome = 'passed'), 0) AS bigint) AS passed,
    cast(coalesce(sum(tally.rows) FILTER (WHERE tally.outcome = 'dropped'), 0) AS bigint) AS dropped
FROM codeio.stage_run
LEFT JOIN codeio.stage_run_tally AS tally USING (stage_run_id)
WHERE stage_run.dag_id = :dag_id AND stage_run.run_id = :run_id AND stage_run.stage_run_id > :after
GROUP BY stage_run.stage_run_id
ORDER BY stage_run.stage_run_id
LIMIT :page_rows;

-- name: failures
-- The last try of each task.
SELECT latest.*
FROM (
    SELECT DISTINCT ON (dag_id, run_id, task_id, map_index)
        dag_id, run_id, task_id, map_index, try_number, error, cause, cure, final, failed_at
    FROM codeio.task_failure
    WHERE failed_at >= :since AND (:dag_id = '' OR dag_id = :dag_id) AND (:run_id = '' OR run_id = :run_id)
    ORDER BY dag_id, run_id, task_id, map_index, failed_at DESC
) AS latest
ORDER BY latest.failed_at DESC
LIMIT :page_rows;

-- name: releases
SELECT release.release_id, release.name, release.version, release.status, release.samples, release.uri,
    release.content_sha256, release.created_at, release.published_at, release.recipe,
    release.teachers, judged.gates, judged.failed_gates, release_flaw.leaks, release_flaw.taken_down
FROM codeio.release
INNER JOIN codeio.release_flaw USING (release_id)
CROSS JOIN LATERAL (
    SELECT count(*) AS gates, count(*) FILTER (WHERE NOT current_gate_result.passed) AS failed_gates
    FROM codeio.current_gate_result
    WHERE current_gate_result.release_id = release.release_id
) AS judged
WHERE (release.created_at, release.release_id) < (:before, :before_id)
ORDER BY release.created_at DESC, release.release_id DESC
LIMIT :page_rows;

-- name: release
SELECT release.release_id, release.name, release.version, release.status, release.samples, release.uri,
    release.content_sha256, release.manifest_sha256, release.created_at, release.published_at, release.recipe,
    release.teachers, judged.gates, judged.failed_gates, release_flaw.leaks, release_flaw.taken_down
FROM codeio.release
INNER JOIN codeio.release_flaw USING (release_id)
CROSS JOIN LATERAL (
    SELECT count(*) AS gates, count(*) FILTER (WHERE NOT current_gate_result.passed) AS failed_gates
    FROM codeio.current_gate_result
    WHERE current_gate_result.release_id = release.release_id
) AS judged
WHERE release.release_id = :release_id;

-- name: samples_in_both
SELECT count(*)
FROM codeio.release_sample AS ours
INNER JOIN codeio.release_sample AS theirs ON theirs.release_id = :other_id AND theirs.sample_id = ours.sample_id
WHERE ours.release_id = :release_id;

-- name: gates
SELECT current_gate_result.*, ruling.approved, ruling.decided_by, ruling.decided_at, ruling.reason
FROM codeio.current_gate_result
LEFT JOIN LATERAL (
    SELECT gate_override.approved, gate_override.decided_by, gate_override.decided_at, gate_override.reason
    FROM codeio.gate_override
    WHERE gate_override.gate_result_id = current_gate_result.gate_result_id
    ORDER BY gate_override.decided_at DESC
    LIMIT 1
) AS ruling ON TRUE
WHERE current_gate_result.release_id = :release_id AND (:gate = '' OR current_gate_result.gate = :gate)
ORDER BY current_gate_result.passed, current_gate_result.gate;

-- name: samples
SELECT sample_facet.sample_id, sample_facet.direction, sample_facet.verdict_1, sample_facet.verdict_2,
    sample_facet.problem, sample_facet.source_path, sample_facet.licence, codeio.teacher_name(teacher) AS teacher,
    source.kind || ':' || source.locator AS source
FROM codeio.sample_facet
INNER JOIN codeio.teacher USING (teacher_id)
INNER JOIN codeio.source USING (source_id)
WHERE sample_facet.sample_id > :after
    AND (:direction = '' OR sample_facet.direction = :direction)
    AND (:verdict = '' OR sample_facet.verdict_1 = :verdict)
    AND (:final_verdict = '' OR sample_facet.verdict_2 = :final_verdict)
    AND (:drop_reason = '' OR sample_facet.drop_reason = :drop_reason)
    AND (cast(:teacher_id AS uuid) IS NULL OR sample_facet.teacher_id = cast(:teacher_id AS uuid))
    AND (cast(:source_id AS uuid) IS NULL OR sample_facet.source_id = cast(:source_id AS uuid))
    AND (cast(:program_id AS uuid) IS NULL OR sample_facet.program_id = cast(:program_id AS uuid))
    AND (cast(:file_id AS uuid) IS NULL OR sample_facet.program_id IN (
        SELECT program.program_id FROM codeio.program WHERE program.raw_file_id = cast(:file_id AS uuid)
    ))
    AND (cast(:release_id AS uuid) IS NULL OR EXISTS (
        SELECT FROM codeio.release_sample
        WHERE release_sample.release_id = cast(:release_id AS uuid)
            AND release_sample.sample_id = sample_facet.sample_id
    ))
    AND (:words = '' OR sample_facet.words @@ to_tsquery('simple', :words))
ORDER BY sample_facet.sample_id
LIMIT :page_rows;

-- name: teachers
SELECT teacher_id AS id, codeio.teacher_name(teacher) AS name FROM codeio.teacher ORDER BY name;

-- name: sources
SELECT source_id AS id, kind || ':' || locator AS name FROM codeio.source ORDER BY name;

-- name: sample
SELECT sample_text.*, io_pair.wall_ms, program.entry_point, program.input_generator
FROM codeio.sample_text
INNER JOIN codeio.io_pair USING (io_pair_id)
INNER JOIN codeio.program ON program.program_id = sample_text.program_id
WHERE sample_text.sample_id = :sample_id;

-- name: lineage
SELECT * FROM codeio.lineage_of(cast(:sample_id AS uuid));

-- name: dropped
SELECT drop_record.drop_record_id, drop_record.stage, drop_record.reason, drop_record.subject_id, drop_record.detail,
    drop_record.dropped_at, stage_run.dag_id, stage_run.run_id
FROM codeio.drop_record
INNER JOIN codeio.stage_run USING (stage_run_id)
WHERE drop_record.drop_record_id > :after
    AND (:stage = '' OR drop_record.stage = :stage) AND (:reason = '' OR drop_record.reason = :reason)
ORDER BY drop_record.drop_record_id
LIMIT :page_rows;

-- name: images
WITH used AS (
    SELECT stage_run.sandbox_image_digest AS digest, min(stage_run.started_at) AS first_used,
        max(stage_run.started_at) AS last_used, count(*) AS stage_runs
    FROM codeio.stage_run
    WHERE stage_run.sandbox_image_digest IS NOT NULL
    GROUP BY stage_run.sandbox_image_digest
)
SELECT used.*, current_sandbox_check.checked_at, current_sandbox_check.programs, current_sandbox_check.escapes
FROM used
LEFT JOIN codeio.current_sandbox_check ON current_sandbox_check.image_digest = used.digest
ORDER BY used.last_used DESC;

-- name: memory
SELECT tally.rss_mib_up_to AS up_to_mib, cast(sum(tally.rows) AS bigint) AS programs
FROM codeio.stage_run_tally AS tally
WHERE tally.rss_mib_up_to IS NOT NULL
GROUP BY up_to_mib
ORDER BY up_to_mib;

-- name: wall_times
SELECT tally.wall_ms_up_to AS up_to_ms, cast(sum(tally.rows) AS bigint) AS pairs
FROM codeio.stage_run_tally AS tally
WHERE tally.wall_ms_up_to IS NOT NULL
GROUP BY up_to_ms
ORDER BY up_to_ms;

-- name: slowest_programs
WITH slow_pair AS (
    SELECT io_pair.program_id, io_pair.wall_ms FROM codeio.io_pair ORDER BY io_pair.wall_ms DESC LIMIT 500
),
slow_program AS (
    SELECT slow_pair.program_id, max(slow_pair.wall_ms) AS wall_ms FROM slow_pair GROUP BY slow_pair.program_id
)
SELECT slow_program.program_id, slow_program.wall_ms, left(program.problem_statement, 160) AS problem, program.language
FROM slow_program
INNER JOIN codeio.program USING (program_id)
ORDER BY slow_program.wall_ms DESC
LIMIT :page_rows;

-- name: source_states
-- What a place of a file came to: kept, or dropped; of duplicates the place is known, and the file is elsewhere.
WITH counted AS (
    SELECT tally.source_id, max(stage_run.started_at) AS last_read,
        sum(tally.rows) FILTER (WHERE tally.outcome = 'seen')
        - coalesce(sum(tally.rows) FILTER (WHERE tally.outcome = 'set_aside'), 0) AS files,
        sum(tally.rows) FILTER (WHERE tally.outcome = 'dropped') AS dropped,
        sum(tally.rows) FILTER (WHERE tally.outcome = 'dropped' AND tally.reason = 'duplicate') AS duplicates
    FROM codeio.stage_run_tally AS tally
    INNER JOIN codeio.stage_run USING (stage_run_id)
    WHERE tally.source_id IS NOT NULL
    GROUP BY tally.source_id
)
SELECT source.*, counted.last_read, cast(coalesce(counted.files, 0) AS bigint) AS files,
    cast(coalesce(counted.dropped, 0) AS bigint) AS dropped,
    cast(coalesce(counted.duplicates, 0) AS bigint) AS duplicates
FROM codeio.source
LEFT JOIN counted USING (source_id)
WHERE source.source_id > :after
ORDER BY source.source_id
LIMIT :page_rows;

-- name: ingest_nights
SELECT cast((stage_run.started_at AT TIME ZONE 'UTC') AS date) AS night,
    coalesce(tally.reason, 'new') AS fate,
    cast(sum(tally.rows) AS bigint) AS rows
FROM codeio.stage_run
INNER JOIN codeio.stage_run_tally AS tally USING (stage_run_id)
WHERE stage_run.started_at >= :since AND tally.stage = 'ingest' AND tally.outcome IN ('passed', 'dropped')
GROUP BY night, fate
ORDER BY night, fate;

-- name: teacher_differences
-- Prompts that one teacher is right to in the end and another is not, with the samples of both, if there are any.
SELECT mine.prompt_id, mine.direction, left(program.problem_statement, 160) AS problem,
    mine.turns, mine_sample.sample_id, other.last_verdict AS other_verdict, other.turns AS other_turns,
    other_sample.sample_id AS other_sample_id
FROM codeio.teacher_answer AS mine
INNER JOIN codeio.teacher_answer AS other ON other.prompt_id = mine.prompt_id
INNER JOIN codeio.prompt ON prompt.prompt_id = mine.prompt_id
INNER JOIN codeio.io_pair USING (io_pair_id)
INNER JOIN codeio.program USING (program_id)
LEFT JOIN LATERAL (
    SELECT sample.sample_id
    FROM codeio.sample
    INNER JOIN codeio.sample_facet USING (sample_id)
    WHERE sample.prompt_id = mine.prompt_id AND sample_facet.teacher_id = mine.teacher_id
    ORDER BY sample.sample_id
    LIMIT 1
) AS mine_sample ON TRUE
LEFT JOIN LATERAL (
    SELECT sample.sample_id
    FROM codeio.sample
    INNER JOIN codeio.sample_facet USING (sample_id)
    WHERE sample.prompt_id = other.prompt_id AND sample_facet.teacher_id = other.teacher_id
    ORDER BY sample.sample_id
    LIMIT 1
) AS other_sample ON TRUE
WHERE mine.prompt_id > :after AND mine.teacher_id = :teacher_id AND other.teacher_id = :other_teacher_id
    AND mine.last_verdict = 'correct' AND other.last_verdict <> 'correct'
    AND (:direction = '' OR mine.direction = :direction)
ORDER BY mine.prompt_id
LIMIT :page_rows;

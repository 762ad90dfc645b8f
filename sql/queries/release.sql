-- name: conversations
SELECT prompt_id, teacher_id, transformer_id, program_id, raw_file_id, program_made_at, first_verdict_id,
    second_verdict_id, question, direction, verdict_1, verdict_2, source, repository, licence, language, night, present
FROM codeio.offered_conversation
ORDER BY prompt_id, teacher_id;

-- name: released_names
-- What people write for sources, as locator or kind:locator, and models, with what stands for it in a release.
WITH given AS (
    SELECT words.word, coalesce(substring(words.word FROM '^((directory|git|jsonl|parquet):)'), '') AS kind
    FROM unnest(cast(:words AS text[])) AS words (word)
)
SELECT given.word, given.kind || codeio.released_name(substr(given.word, length(given.kind) + 1)) AS name FROM given;

-- name: unscreened_programs
SELECT DISTINCT program.program_id, program.main_function
FROM codeio.finished_conversation
INNER JOIN codeio.program USING (program_id)
WHERE NOT EXISTS (
    SELECT FROM codeio.drop_record
    WHERE drop_record.stage = 'release' AND drop_record.subject_id = program.program_id
)
ORDER BY program.program_id;

-- name: sample_texts
SELECT sample_text.* FROM codeio.sample_text
WHERE sample_text.sample_id = any(:sample_ids)
ORDER BY sample_text.sample_id;

-- name: definition_of_texts
-- What gives the texts that are hashed, as the database has it.
SELECT encode(sha256(convert_to(
    pg_get_viewdef(cast('codeio.sample_text' AS regclass))
    || pg_get_functiondef(cast('codeio.released_name(text)' AS regprocedure)),
    'UTF8'
)), 'hex');

-- name: unhashed
SELECT sample.sample_id
FROM codeio.sample
WHERE NOT EXISTS (
    SELECT FROM codeio.sample_content AS known
    WHERE known.sample_id = sample.sample_id AND known.definition_id = :definition_id
);

-- name: sample_ids
SELECT sample_id FROM codeio.release_sample WHERE release_id = :release_id;

-- name: members
SELECT sample.sample_id, program.program_id, program.raw_file_id
FROM codeio.sample
INNER JOIN codeio.prompt USING (prompt_id)
INNER JOIN codeio.io_pair USING (io_pair_id)
INNER JOIN codeio.program USING (program_id)
WHERE sample.sample_id = any(:sample_ids)
ORDER BY sample.sample_id;

-- name: left_out
SELECT reason, count(*) AS samples
FROM codeio.release_left_out
WHERE release_id = :release_id
GROUP BY reason
ORDER BY samples DESC, reason;

-- name: left_out_why
SELECT sample_id, reason || ': ' || detail AS why FROM codeio.release_left_out WHERE release_id = :release_id;

-- name: left_out_rows
SELECT left_out.reason, left_out.detail, left_out.sample_id, program.raw_file_id,
    file_shown.source_kind || ':' || file_shown.source_locator AS source, file_shown.path
FROM codeio.release_left_out AS left_out
INNER JOIN codeio.sample USING (sample_id)
INNER JOIN codeio.prompt USING (prompt_id)
INNER JOIN codeio.io_pair USING (io_pair_id)
INNER JOIN codeio.program USING (program_id)
INNER JOIN codeio.file_shown USING (raw_file_id)
WHERE left_out.release_id = :release_id
ORDER BY left_out.reason, source, file_shown.path, left_out.sample_id
LIMIT :most_rows;

-- name: taken_down_conversations
SELECT count(*)
FROM codeio.complete_conversation
WHERE raw_file_id IN (SELECT taken_down_file.raw_file_id FROM codeio.taken_down_file);

-- name: teachers_of_samples
SELECT sample_id, teacher_id FROM codeio.sample_teacher WHERE turn = 1 AND sample_id = any(:sample_ids);

-- name: page
SELECT release_sample.sample_id FROM codeio.release_sample
WHERE release_sample.release_id = :release_id AND release_sample.split = :split
    AND release_sample.position >= :low AND release_sample.position < :high
ORDER BY release_sample.position, release_sample.sample_id;

-- name: funnel
WITH passed (place, stage, rows) AS (
    SELECT 1, 'raw files', count(*) FROM codeio.raw_file
    UNION ALL SELECT 2, 'programs', count(*) FROM codeio.program
    UNION ALL SELECT 3, 'programs with pairs', count(DISTINCT io_pair.program_id) FROM codeio.io_pair
    UNION ALL SELECT 4, 'prompts', count(*) FROM codeio.prompt
    UNION ALL SELECT 5, 'first answers', count(*) FROM codeio.response WHERE response.turn = 1
    UNION ALL SELECT 6, 'finished conversations', count(*) FROM codeio.finished_conversation
)
SELECT passed.stage, passed.rows FROM passed ORDER BY passed.place;

-- name: cost
SELECT purpose, calls, prompt_tokens, completion_tokens, cost_usd, unpriced_calls
FROM codeio.release_cost WHERE release_id = :release_id ORDER BY purpose;

-- name: previous_shares
WITH previous AS (
    SELECT release.release_id FROM codeio.release
    WHERE release.name = :name AND release.version < :version AND release.status = 'published'
    ORDER BY release.version DESC
    LIMIT 1
)
SELECT prompt.direction, count(*) AS answers,
    cast(avg(cast(verdict.verdict = 'correct' AS integer)) AS double precision) AS correct
FROM previous
INNER JOIN codeio.release_sample USING (release_id)
INNER JOIN codeio.sample USING (sample_id)
INNER JOIN codeio.prompt USING (prompt_id)
INNER JOIN codeio.verdict ON verdict.verdict_id = sample.first_verdict_id
GROUP BY prompt.direction
ORDER BY prompt.direction;

-- name: by_content
SELECT release_id, name, version, recipe, content_sha256, status, samples, funnel, teachers, uri,
    manifest_sha256, created_at, published_at
FROM codeio.release WHERE name = :name AND content_sha256 = :content_sha256;

-- name: by_id
SELECT release_id, name, version, recipe, content_sha256, status, samples, funnel, teachers, uri,
    manifest_sha256, created_at, published_at
FROM codeio.release WHERE release_id = :release_id;

-- name: by_version
SELECT release_id, name, version, recipe, content_sha256, status, samples, funnel, teachers, uri,
    manifest_sha256, created_at, published_at
FROM codeio.release WHERE name = :name AND (version = :version OR (:version = 0 AND status = 'published'))
ORDER BY version DESC
LIMIT 1;

-- name: lines
SELECT release.name, release.version, release.status, release.samples, coalesce(written.teachers, '') AS teachers,
    release_flaw.taken_down, release_flaw.leaks, release.created_at
FROM codeio.release
INNER JOIN codeio.release_flaw USING (release_id)
CROSS JOIN LATERAL (
    SELECT string_agg(
        (chosen.teacher ->> 'name') || CASE json_array_length(release.teachers)
            WHEN 1 THEN '' ELSE ' ' || round(cast(chosen.teacher ->> 'share' AS numeric) * 100, 1) || ' %'
        END, ', '
    ) AS teachers
    FROM json_array_elements(release.teachers) AS chosen (teacher)
) AS written
ORDER BY release.name, release.version;

-- name: of_run
-- A release, and whether a run of the DAG that releases published it.
SELECT release.release_id, release.name, release.version, release.samples, release.uri, release.teachers,
    coalesce(release.published_at >= (
        SELECT min(stage_run.started_at) FROM codeio.stage_run
        WHERE stage_run.dag_id = 'release_dataset' AND stage_run.run_id = :run_id
    ), FALSE) AS is_new
FROM codeio.release
WHERE release.release_id = :release_id;

-- name: judged_by_run
SELECT gate_result.release_id
FROM codeio.gate_result
INNER JOIN codeio.stage_run USING (stage_run_id)
WHERE stage_run.dag_id = :dag_id AND stage_run.run_id = :run_id
ORDER BY gate_result.judged_at DESC
LIMIT 1;

-- name: last_version
SELECT coalesce(max(version), 0) FROM codeio.release WHERE name = :name;

-- name: makers_of_name
-- Of releases that were rejected, the name is free.
SELECT teachers, recipe ->> 'name' AS named FROM codeio.release
WHERE name = :name AND status <> 'rejected'
ORDER BY version;

-- name: recipes_in_use
-- The recipes by which a name goes on, the latest first: that of its last published version, and those since.
SELECT release.recipe FROM codeio.release
WHERE release.name = :name AND release.status <> 'rejected' AND release.version >= coalesce(
    (SELECT max(published.version) FROM codeio.release AS published
    WHERE published.name = :name AND published.status = 'published'), 0
)
ORDER BY release.version DESC;

-- name: names_by_recipe
-- Names of the releases by recipes of a name: where teachers share it, each has its own.
SELECT DISTINCT name FROM codeio.release WHERE recipe ->> 'name' = :name AND status <> 'rejected' ORDER BY name;

-- name: lock_name
SELECT pg_advisory_xact_lock(hashtext(:name));

-- name: analyze
ANALYZE codeio.sample, codeio.release_sample;

-- name: set_status
UPDATE codeio.release SET status = :status WHERE release_id = :release_id AND status <> 'published';

-- name: set_published
UPDATE codeio.release SET status = 'published', uri = :uri, manifest_sha256 = :manifest_sha256, published_at = now()
WHERE release_id = :release_id AND status <> 'published';

-- name: gate_results
SELECT gate_result_id, gate, severity, passed, metric, value, threshold, evidence
FROM codeio.current_gate_result WHERE release_id = :release_id ORDER BY gate;

-- name: gate_standings
SELECT gate, standing FROM codeio.gate_standing WHERE release_id = :release_id ORDER BY gate;

-- name: open_questions
SELECT release_id, name, version, samples, gates, since, dag_id, run_id
FROM codeio.open_question
ORDER BY since, name, version;

-- name: newer_published
SELECT max(version) FROM codeio.release WHERE name = :name AND version > :version AND status = 'published';

-- name: results_of_run
SELECT current_gate_result.gate_result_id
FROM codeio.current_gate_result
INNER JOIN codeio.stage_run USING (stage_run_id)
WHERE current_gate_result.release_id = :release_id AND stage_run.dag_id = :dag_id AND stage_run.run_id = :run_id;

-- name: places
-- Where samples, programs and files come from.
WITH named AS (
    SELECT sample_facet.sample_id AS id, 'sample' AS kind, program.raw_file_id
    FROM codeio.sample_facet
    INNER JOIN codeio.program USING (program_id)
    WHERE sample_facet.sample_id = any(cast(:ids AS uuid[]))
    UNION ALL
    SELECT program.program_id AS id, 'program' AS kind, program.raw_file_id
    FROM codeio.program
    WHERE program.program_id = any(cast(:ids AS uuid[]))
    UNION ALL
    SELECT raw_file.raw_file_id AS id, 'file' AS kind, raw_file.raw_file_id
    FROM codeio.raw_file
    WHERE raw_file.raw_file_id = any(cast(:ids AS uuid[]))
)
SELECT DISTINCT ON (named.id) named.id, named.kind, source.kind || ':' || source.locator AS source,
    current_origin.path
FROM named
INNER JOIN codeio.current_origin USING (raw_file_id)
INNER JOIN codeio.source USING (source_id)
ORDER BY named.id, current_origin.passes DESC, source.kind, source.locator, current_origin.version, current_origin.path;

-- name: pairs
SELECT count(DISTINCT prompt.io_pair_id)
FROM codeio.release_sample
INNER JOIN codeio.sample USING (sample_id)
INNER JOIN codeio.prompt USING (prompt_id)
WHERE release_sample.release_id = :release_id;

-- name: pairs_to_run
-- Those that the judge has not passed, and of the others some, drawn by chance.
WITH pair AS MATERIALIZED (
    SELECT DISTINCT prompt.io_pair_id, passed_pair.io_pair_id IS NOT NULL AS passed
    FROM codeio.release_sample
    INNER JOIN codeio.sample USING (sample_id)
    INNER JOIN codeio.prompt USING (prompt_id)
    LEFT JOIN codeio.passed_pair
        ON passed_pair.judge_id = :judge_id AND passed_pair.io_pair_id = prompt.io_pair_id
    WHERE release_sample.release_id = :release_id
),

chosen AS (
    SELECT pair.io_pair_id FROM pair WHERE NOT pair.passed
    UNION ALL
    (
        SELECT pair.io_pair_id FROM pair WHERE pair.passed
        ORDER BY sha256(convert_to(cast(:release_id AS text) || cast(pair.io_pair_id AS text), 'UTF8'))
        LIMIT :again
    )
)

SELECT io_pair.io_pair_id, io_pair.input, io_pair.output, program.program_id,
    program.language, program.entry_point, program.main_function
FROM chosen
INNER JOIN codeio.io_pair USING (io_pair_id)
INNER JOIN codeio.program USING (program_id)
ORDER BY program.program_id, io_pair.io_pair_id;

-- name: duplicate_prompts
-- Two teachers may answer the same prompt. Of the texts digests are compared, not the texts by a collation.
SELECT array_agg(sample.sample_id ORDER BY sample.sample_id) AS sample_ids
FROM codeio.sample
INNER JOIN codeio.prompt USING (prompt_id)
INNER JOIN codeio.sample_teacher ON sample_teacher.sample_id = sample.sample_id AND sample_teacher.turn = 1
WHERE sample.sample_id = any(:sample_ids)
GROUP BY sha256(convert_to(prompt.body, 'UTF8')), sample_teacher.teacher_id
HAVING count(*) > 1
ORDER BY sample_ids;

-- name: files
SELECT raw_file.raw_file_id, array_agg(DISTINCT origin_judged.licence) AS licences,
    blob.sha256, blob.pack_key, blob.pack_offset, blob.pack_bytes
FROM codeio.raw_file
INNER JOIN codeio.origin_judged USING (raw_file_id)
INNER JOIN codeio.blob ON blob.sha256 = raw_file.blob_sha256
WHERE raw_file.raw_file_id IN (
    SELECT program.raw_file_id
    FROM codeio.sample
    INNER JOIN codeio.prompt USING (prompt_id)
    INNER JOIN codeio.io_pair USING (io_pair_id)
    INNER JOIN codeio.program USING (program_id)
    WHERE sample.sample_id = any(:sample_ids)
)
GROUP BY raw_file.raw_file_id, blob.sha256
ORDER BY raw_file.raw_file_id;

-- name: split_programs
SELECT program.program_id, program.main_function,
    array_agg(DISTINCT release_sample.split ORDER BY release_sample.split) AS splits
FROM codeio.release_sample
INNER JOIN codeio.sample USING (sample_id)
INNER JOIN codeio.prompt USING (prompt_id)
INNER JOIN codeio.io_pair USING (io_pair_id)
INNER JOIN codeio.program USING (program_id)
WHERE release_sample.release_id = :release_id
GROUP BY program.program_id
ORDER BY program.program_id;

-- name: constant_programs
SELECT io_pair.program_id, count(*) AS pairs
FROM codeio.io_pair
WHERE io_pair.program_id IN (
    SELECT paired.program_id
    FROM codeio.sample
    INNER JOIN codeio.prompt USING (prompt_id)
    INNER JOIN codeio.io_pair AS paired USING (io_pair_id)
    WHERE sample.sample_id = any(:sample_ids)
)
GROUP BY io_pair.program_id
HAVING count(DISTINCT io_pair.output_sha256) = 1
ORDER BY io_pair.program_id;

-- name: overrides
SELECT current_gate_result.gate, gate_override.gate_result_id, gate_override.approved, gate_override.decided_by,
    gate_override.decided_at, gate_override.reason
FROM codeio.current_gate_result
INNER JOIN codeio.gate_override USING (gate_result_id)
WHERE current_gate_result.release_id = :release_id
ORDER BY current_gate_result.gate, gate_override.decided_at, gate_override.gate_override_id;

-- name: conversations
SELECT finished_conversation.prompt_id, finished_conversation.first_verdict_id,
    finished_conversation.second_verdict_id
FROM codeio.finished_conversation
WHERE NOT EXISTS (
    SELECT FROM codeio.drop_record
    WHERE drop_record.stage = 'release' AND drop_record.subject_id = finished_conversation.program_id
)
ORDER BY finished_conversation.prompt_id;

-- name: unscreened_programs
SELECT DISTINCT program.program_id, program.main_function, program.problem_statement, program.io_description
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

-- name: samples
SELECT sample_text.*, release_sample.split
FROM codeio.release_sample
INNER JOIN codeio.sample_text USING (sample_id)
WHERE release_sample.release_id = :release_id
ORDER BY sample_text.sample_id;

-- name: by_content
SELECT release_id, name, version, recipe, content_sha256, status, samples, uri, created_at, published_at
FROM codeio.release WHERE name = :name AND content_sha256 = :content_sha256;

-- name: by_id
SELECT release_id, name, version, recipe, content_sha256, status, samples, uri, created_at, published_at
FROM codeio.release WHERE release_id = :release_id;

-- name: by_version
SELECT release_id, name, version, recipe, content_sha256, status, samples, uri, created_at, published_at
FROM codeio.release WHERE name = :name AND (version = :version OR (:version = 0 AND status = 'published'))
ORDER BY version DESC
LIMIT 1;

-- name: all
SELECT release_id, name, version, recipe, content_sha256, status, samples, uri, created_at, published_at
FROM codeio.release ORDER BY name, version;

-- name: last_version
SELECT coalesce(max(version), 0) FROM codeio.release WHERE name = :name;

-- name: lock_name
SELECT pg_advisory_xact_lock(hashtext(:name));

-- name: set_status
UPDATE codeio.release SET status = :status WHERE release_id = :release_id AND status <> 'published';

-- name: set_published
UPDATE codeio.release SET status = 'published', uri = :uri, published_at = now()
WHERE release_id = :release_id AND status <> 'published';

-- name: gate_results
SELECT gate, passed, metric, value, threshold, evidence
FROM codeio.current_gate_result WHERE release_id = :release_id ORDER BY gate;

-- name: pairs_to_test
SELECT DISTINCT ON (program.program_id, io_pair.io_pair_id) io_pair.io_pair_id, io_pair.input, io_pair.output, program.program_id,
    program.language, program.entry_point, program.main_function
FROM codeio.release_sample
INNER JOIN codeio.sample USING (sample_id)
INNER JOIN codeio.prompt USING (prompt_id)
INNER JOIN codeio.io_pair USING (io_pair_id)
INNER JOIN codeio.program USING (program_id)
WHERE release_sample.release_id = :release_id
ORDER BY program.program_id, io_pair.io_pair_id;

-- name: duplicate_prompts
SELECT min(sample_text.sample_id::text) AS sample_id, count(*) AS copies
FROM codeio.release_sample
INNER JOIN codeio.sample_text USING (sample_id)
WHERE release_sample.release_id = :release_id
GROUP BY sample_text.prompt
HAVING count(*) > 1
ORDER BY sample_id;

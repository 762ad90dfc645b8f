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
SELECT gate_result_id, gate, severity, passed, metric, value, threshold, evidence
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

-- name: files
SELECT DISTINCT ON (sample_text.raw_file_id) sample_text.raw_file_id, sample_text.licence,
    blob.sha256, blob.pack_key, blob.pack_offset, blob.pack_bytes
FROM codeio.release_sample
INNER JOIN codeio.sample_text USING (sample_id)
INNER JOIN codeio.raw_file ON raw_file.raw_file_id = sample_text.raw_file_id
INNER JOIN codeio.blob ON blob.sha256 = raw_file.blob_sha256
WHERE release_sample.release_id = :release_id
ORDER BY sample_text.raw_file_id;

-- name: split_programs
SELECT program.program_id, program.main_function, array_agg(DISTINCT release_sample.split ORDER BY release_sample.split) AS splits
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
    FROM codeio.release_sample
    INNER JOIN codeio.sample USING (sample_id)
    INNER JOIN codeio.prompt USING (prompt_id)
    INNER JOIN codeio.io_pair AS paired USING (io_pair_id)
    WHERE release_sample.release_id = :release_id
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

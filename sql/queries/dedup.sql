-- name: judge_again
SELECT codeio.judge_again(:subject_kind);

-- name: pending
SELECT pending_dedup.raw_file_id AS subject_id, pending_dedup.language,
    blob.sha256, blob.pack_key, blob.pack_offset, blob.pack_bytes
FROM codeio.pending_dedup
INNER JOIN codeio.blob ON blob.sha256 = pending_dedup.blob_sha256
LEFT JOIN codeio.judged_before ON judged_before.subject_id = pending_dedup.raw_file_id
WHERE coalesce(judged_before.turn, 1) = :turn
ORDER BY pending_dedup.raw_file_id
LIMIT :most;

-- name: files
SELECT raw_file.raw_file_id AS subject_id, raw_file.language,
    blob.sha256, blob.pack_key, blob.pack_offset, blob.pack_bytes
FROM codeio.raw_file
INNER JOIN codeio.blob ON blob.sha256 = raw_file.blob_sha256
WHERE raw_file.raw_file_id = any(:subject_ids);

-- name: pending_programs
SELECT program.program_id AS subject_id, program.language, program.main_function
FROM codeio.program
INNER JOIN codeio.program_in_force ON program_in_force.program_id = program.program_id
LEFT JOIN codeio.judged_before ON judged_before.subject_id = program.program_id
WHERE coalesce(judged_before.turn, 1) = :turn AND NOT EXISTS (
    SELECT FROM codeio.dedup_result WHERE dedup_result.subject_id = program.program_id
) AND NOT EXISTS (
    SELECT FROM codeio.drop_record
    WHERE drop_record.stage = 'sample' AND drop_record.subject_id = program.program_id
) AND NOT EXISTS (
    SELECT FROM codeio.replaced_program WHERE replaced_program.program_id = program.program_id
) AND (judged_before.turn IS NOT NULL OR NOT EXISTS (
    SELECT FROM codeio.io_pair WHERE io_pair.program_id = program.program_id
))
ORDER BY program.program_id
LIMIT :most;

-- name: programs
SELECT program_id AS subject_id, language, main_function
FROM codeio.program
WHERE program_id = any(:subject_ids);

-- name: predecessors
SELECT program.program_id, array_agg(other.program_id) AS others
FROM codeio.program
INNER JOIN codeio.program AS other ON other.raw_file_id = program.raw_file_id AND other.program_id <> program.program_id
WHERE program.program_id = any(:subject_ids)
GROUP BY program.program_id;

-- name: segments
SELECT segment_key FROM codeio.dedup_segment
WHERE subject_kind = :subject_kind AND spec = :spec
ORDER BY segment_key;

-- name: survivors
SELECT subject_id FROM codeio.dedup_result
WHERE spec = :spec AND matched_id IS NULL AND subject_id = any(:subject_ids);

-- name: equal_code
SELECT code_sha256, subject_id
FROM codeio.dedup_result
WHERE subject_kind = :subject_kind AND spec = :spec AND code_sha256 = any(:code_sha256s)
    AND cluster_id = subject_id
ORDER BY code_sha256, subject_id DESC;

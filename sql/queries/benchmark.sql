-- name: all
SELECT name, origin, items, unscannable, grams FROM codeio.benchmark ORDER BY name;

-- name: indexes
SELECT benchmark_index_id, name, meant, object_key, object_sha256 FROM codeio.benchmark ORDER BY name;

-- name: raw_files
SELECT raw_file.raw_file_id, blob.sha256, blob.pack_key, blob.pack_offset, blob.pack_bytes
FROM codeio.raw_file
INNER JOIN codeio.blob ON blob.sha256 = raw_file.blob_sha256
WHERE raw_file.raw_file_id >= :low AND raw_file.raw_file_id < :high
ORDER BY raw_file.raw_file_id;

-- name: leaking_files
SELECT DISTINCT leak_hit.subject_id AS raw_file_id, benchmark.name AS benchmark
FROM codeio.leak_hit
INNER JOIN codeio.benchmark USING (benchmark_index_id)
WHERE leak_hit.subject_kind = 'raw_file' AND leak_hit.leak;

-- name: leaks_of_release
SELECT leak.benchmark, count(DISTINCT leak.item) AS items, count(DISTINCT sample.sample_id) AS samples
FROM codeio.release_sample
INNER JOIN codeio.sample USING (sample_id)
INNER JOIN codeio.prompt USING (prompt_id)
INNER JOIN codeio.io_pair USING (io_pair_id)
INNER JOIN codeio.leak USING (program_id)
WHERE release_sample.release_id = :release_id
GROUP BY leak.benchmark
ORDER BY leak.benchmark;

-- name: former_texts
-- Samples of published releases that are not among the finished conversations any more.
SELECT DISTINCT ON (sample_text.program_id, sample_text.sample_id)
    sample_text.program_id, sample_text.raw_file_id, sample_text.sample_id AS text_id,
    sample_text.reference_code, sample_text.problem_statement, sample_text.io_description,
    sample_text.input, sample_text.output, sample_text.turn_1, sample_text.feedback_1,
    sample_text.turn_2, sample_text.feedback_2
FROM codeio.release
INNER JOIN codeio.release_sample USING (release_id)
INNER JOIN codeio.sample_text USING (sample_id)
WHERE release.status = 'published' AND NOT EXISTS (
    SELECT FROM codeio.finished_conversation
    WHERE finished_conversation.prompt_id = sample_text.prompt_id
)
ORDER BY sample_text.program_id, sample_text.sample_id;

-- name: finished_texts
SELECT finished_conversation.program_id, program.raw_file_id, finished_conversation.prompt_id AS text_id,
    program.main_function AS reference_code, program.problem_statement, program.io_description,
    io_pair.input, io_pair.output, first_response.body AS turn_1, first_verdict.feedback AS feedback_1,
    second_response.body AS turn_2, second_verdict.feedback AS feedback_2
FROM codeio.finished_conversation
INNER JOIN codeio.prompt ON prompt.prompt_id = finished_conversation.prompt_id
INNER JOIN codeio.io_pair ON io_pair.io_pair_id = prompt.io_pair_id
INNER JOIN codeio.program ON program.program_id = finished_conversation.program_id
INNER JOIN codeio.verdict AS first_verdict ON first_verdict.verdict_id = finished_conversation.first_verdict_id
INNER JOIN codeio.response AS first_response ON first_response.response_id = first_verdict.response_id
LEFT JOIN codeio.verdict AS second_verdict ON second_verdict.verdict_id = finished_conversation.second_verdict_id
LEFT JOIN codeio.response AS second_response ON second_response.response_id = second_verdict.response_id
ORDER BY finished_conversation.program_id, finished_conversation.prompt_id;

-- name: sample_texts
SELECT sample_text.program_id, sample_text.raw_file_id, sample_text.sample_id AS text_id,
    sample_text.reference_code, sample_text.problem_statement, sample_text.io_description,
    sample_text.input, sample_text.output, sample_text.turn_1, sample_text.feedback_1,
    sample_text.turn_2, sample_text.feedback_2
FROM codeio.sample_text
WHERE sample_text.sample_id = any(:sample_ids)
ORDER BY sample_text.program_id, sample_text.sample_id;

-- name: leaks_of_files
SELECT DISTINCT program.program_id, program.raw_file_id, benchmark.name AS benchmark, leak_hit.item
FROM codeio.sample
INNER JOIN codeio.prompt USING (prompt_id)
INNER JOIN codeio.io_pair USING (io_pair_id)
INNER JOIN codeio.program USING (program_id)
INNER JOIN codeio.leak_hit ON leak_hit.subject_kind = 'raw_file' AND leak_hit.subject_id = program.raw_file_id
INNER JOIN codeio.benchmark USING (benchmark_index_id)
WHERE sample.sample_id = any(:sample_ids) AND leak_hit.leak
ORDER BY benchmark.name, leak_hit.item, program.program_id;

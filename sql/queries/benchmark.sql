-- name: all
SELECT name, origin, items, unscannable, grams FROM codeio.benchmark ORDER BY name;

-- name: indexes
SELECT benchmark_index_id, name, object_key, object_sha256 FROM codeio.benchmark ORDER BY name;

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

-- name: leaking_files
SELECT DISTINCT program.program_id, program.raw_file_id, benchmark.name AS benchmark, leak_hit.item
FROM codeio.sample
INNER JOIN codeio.prompt USING (prompt_id)
INNER JOIN codeio.io_pair USING (io_pair_id)
INNER JOIN codeio.program USING (program_id)
INNER JOIN codeio.leak_hit ON leak_hit.subject_kind = 'raw_file' AND leak_hit.subject_id = program.raw_file_id
INNER JOIN codeio.benchmark USING (benchmark_index_id)
WHERE sample.sample_id = any(:sample_ids) AND leak_hit.leak
ORDER BY benchmark.name, leak_hit.item, program.program_id;

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
    sample_text.turn_2, sample_text.feedback_2,
    sample.first_verdict_id, coalesce(sample.second_verdict_id, sample.first_verdict_id) AS last_verdict_id
FROM codeio.release
INNER JOIN codeio.release_sample USING (release_id)
INNER JOIN codeio.sample USING (sample_id)
INNER JOIN codeio.sample_text USING (sample_id)
WHERE release.status = 'published' AND NOT EXISTS (
    SELECT FROM codeio.finished_conversation
    WHERE finished_conversation.prompt_id = sample_text.prompt_id
)
ORDER BY sample_text.program_id, sample_text.sample_id;

-- name: finished_programs
SELECT count(DISTINCT program_id) FROM codeio.finished_conversation;

-- name: training_texts
-- Of samples, or without any of what is finished: programs with a conversation that the judge has not read, or
-- without a judge all.
WITH conversation AS MATERIALIZED (
    SELECT program_id, prompt_id AS text_id, first_verdict_id, second_verdict_id,
        coalesce(second_verdict_id, first_verdict_id) AS last_verdict_id
    FROM codeio.finished_conversation
    WHERE cast(:sample_ids AS uuid[]) IS NULL
    UNION ALL
    SELECT io_pair.program_id, sample.sample_id AS text_id, sample.first_verdict_id, sample.second_verdict_id,
        coalesce(sample.second_verdict_id, sample.first_verdict_id) AS last_verdict_id
    FROM codeio.sample
    INNER JOIN codeio.prompt USING (prompt_id)
    INNER JOIN codeio.io_pair USING (io_pair_id)
    WHERE sample.sample_id = any(cast(:sample_ids AS uuid[]))
),

opened AS MATERIALIZED (
    SELECT DISTINCT conversation.program_id
    FROM conversation
    LEFT JOIN codeio.clean_conversation AS clean
        ON clean.judge_id = :judge_id AND clean.first_verdict_id = conversation.first_verdict_id
            AND clean.last_verdict_id = conversation.last_verdict_id
    WHERE clean.judge_id IS NULL
)

SELECT conversation.program_id, first.raw_file_id, conversation.text_id,
    conversation.first_verdict_id, conversation.last_verdict_id,
    first.reference_code, first.problem_statement, first.io_description, first.input, first.output,
    first.answer AS turn_1, first.feedback AS feedback_1, second.answer AS turn_2, second.feedback AS feedback_2
FROM conversation
INNER JOIN opened USING (program_id)
INNER JOIN codeio.judged_answer AS first ON first.verdict_id = conversation.first_verdict_id
LEFT JOIN codeio.judged_answer AS second ON second.verdict_id = conversation.second_verdict_id
ORDER BY conversation.program_id, conversation.text_id, conversation.first_verdict_id;

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

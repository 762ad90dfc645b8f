-- What a stage redoes, beside what waits for it: the rows of codeio.stale_rows.
-- A shard is the rows whose id lies in [low, high).

-- name: transform
SELECT raw_file.raw_file_id, raw_file.language, false AS by_stand_in,
    blob.sha256, blob.size_bytes, blob.pack_key, blob.pack_offset, blob.pack_bytes
FROM codeio.raw_file
INNER JOIN codeio.blob ON blob.sha256 = raw_file.blob_sha256
WHERE raw_file.raw_file_id >= :low AND raw_file.raw_file_id < :high AND raw_file.raw_file_id IN (
    SELECT program.raw_file_id
    FROM codeio.stale_rows(null, '', :templates) AS stale
    INNER JOIN codeio.program ON program.program_id = stale.id
    WHERE stale.kind = 'program'
)
ORDER BY raw_file.raw_file_id;

-- name: prompt
SELECT io_pair.io_pair_id, io_pair.input, io_pair.output, prompt.direction,
    program.language, program.main_function, program.io_description, program.problem_statement
FROM codeio.stale_rows(null, '', :templates) AS stale
INNER JOIN codeio.prompt ON prompt.prompt_id = stale.id
INNER JOIN codeio.io_pair USING (io_pair_id)
INNER JOIN codeio.program USING (program_id)
WHERE stale.kind = 'prompt' AND io_pair.io_pair_id >= :low AND io_pair.io_pair_id < :high
    AND io_pair.ordinal < :prompted_pairs
ORDER BY io_pair.io_pair_id, prompt.direction;

-- name: recheck
SELECT io_pair.io_pair_id, io_pair.input, io_pair.output,
    program.program_id, program.language, program.entry_point, program.main_function
FROM codeio.stale_rows(:image, '', '{}') AS stale
INNER JOIN codeio.io_pair ON io_pair.io_pair_id = stale.id
INNER JOIN codeio.program USING (program_id)
WHERE stale.kind = 'io_pair' AND io_pair.io_pair_id >= :low AND io_pair.io_pair_id < :high
ORDER BY program.program_id, io_pair.ordinal;

-- name: verify
SELECT response.response_id, response.body, prompt.direction, io_pair.input, io_pair.output,
    program.program_id, program.language, program.entry_point, program.main_function
FROM codeio.stale_rows(:image, '', '{}') AS stale
INNER JOIN codeio.verdict ON verdict.verdict_id = stale.id
INNER JOIN codeio.response USING (response_id)
INNER JOIN codeio.prompt USING (prompt_id)
INNER JOIN codeio.io_pair USING (io_pair_id)
INNER JOIN codeio.program USING (program_id)
WHERE stale.kind = 'verdict' AND stale.cause = 'image'
    AND response.response_id >= :low AND response.response_id < :high
ORDER BY program.program_id, response.response_id;

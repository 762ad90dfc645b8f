
-- name: length
SELECT program_id, main_function
FROM codeio.pending_length
WHERE program_id >= :low AND program_id < :high
ORDER BY program_id;

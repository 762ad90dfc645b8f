-- Which files are near-duplicates, of what, and how similar?
SELECT dedup_result.subject_id, copy_origin.path AS copy_path, dedup_result.matched_id, kept_origin.path AS kept_path,
    dedup_result.similarity
FROM codeio.dedup_result
INNER JOIN codeio.raw_file_origin AS copy_origin ON copy_origin.raw_file_id = dedup_result.subject_id
INNER JOIN codeio.raw_file_origin AS kept_origin ON kept_origin.raw_file_id = dedup_result.matched_id
ORDER BY dedup_result.similarity DESC, dedup_result.subject_id, copy_origin.path, kept_origin.path;

-- A sample names no version, path or licence.
-- What to do: Give the source a licence with `codeio source add`, or take it down with `codeio release takedown`.
SELECT sample_text.sample_id
FROM codeio.release_sample
INNER JOIN codeio.sample_text USING (sample_id)
WHERE release_sample.release_id = :release_id AND (sample_text.source_path = '' OR sample_text.licence = '')
ORDER BY sample_text.sample_id;

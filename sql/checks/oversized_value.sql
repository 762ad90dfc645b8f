-- An input or output breaks the size rule of 1 KB.
-- What to do: Take its file down with `codeio release takedown`, and report the sample.
SELECT sample_text.sample_id
FROM codeio.release_sample
INNER JOIN codeio.sample_text USING (sample_id)
WHERE release_sample.release_id = :release_id AND (
    octet_length(sample_text.input::text) >= 1024 OR octet_length(sample_text.output::text) >= 1024
)
ORDER BY sample_text.sample_id;

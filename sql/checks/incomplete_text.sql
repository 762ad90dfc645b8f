-- A text that must not be empty is empty.
-- What to do: Take its file down with `codeio release takedown`, and report the sample.
SELECT sample_text.sample_id
FROM codeio.release_sample
INNER JOIN codeio.sample_text USING (sample_id)
WHERE release_sample.release_id = :release_id
    AND '' IN (sample_text.prompt, sample_text.turn_1, sample_text.feedback_1, sample_text.reference_code)
ORDER BY sample_text.sample_id;

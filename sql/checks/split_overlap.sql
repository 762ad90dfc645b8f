-- A program has samples in both splits; the sample of lowest id stands for it.
-- What to do: Release again: splits are drawn anew, by program.
SELECT min(sample_text.sample_id::text)::uuid AS sample_id
FROM codeio.release_sample
INNER JOIN codeio.sample_text USING (sample_id)
WHERE release_sample.release_id = :release_id
GROUP BY sample_text.program_id
HAVING count(DISTINCT release_sample.split) > 1
ORDER BY sample_id;

-- A sample has a second turn although the first was right.
-- What to do: Report the sample: it was judged again after its revision.
SELECT sample_text.sample_id
FROM codeio.release_sample
INNER JOIN codeio.sample_text USING (sample_id)
WHERE release_sample.release_id = :release_id AND (sample_text.turn_2 IS NOT NULL AND sample_text.verdict_1 = 'correct')
ORDER BY sample_text.sample_id;

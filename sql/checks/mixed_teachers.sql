-- Samples with an answer by a teacher that the recipe did not choose.
-- What to do: Release again; the recipe's field `teachers` says whose answers are wanted, `any` takes all.
SELECT DISTINCT release_sample.sample_id
FROM codeio.release_sample
INNER JOIN codeio.release USING (release_id)
INNER JOIN codeio.sample_teacher USING (sample_id)
WHERE release_sample.release_id = :release_id AND NOT EXISTS (
    SELECT FROM json_array_elements(release.teachers) AS chosen (teacher)
    WHERE chosen.teacher ->> 'id' = sample_teacher.teacher_id::text
)
ORDER BY release_sample.sample_id;

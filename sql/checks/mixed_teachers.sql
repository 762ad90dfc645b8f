-- Samples by a kind of teacher other than the one that most samples are by.
-- What to do: Name the teachers that are wanted in the field `teachers` of the recipe; `any` takes all.
SELECT sample_text.sample_id
FROM codeio.release_sample
INNER JOIN codeio.sample_text USING (sample_id)
WHERE release_sample.release_id = :release_id AND sample_text.teacher_kind <> (
    SELECT mode() WITHIN GROUP (ORDER BY counted.teacher_kind)
    FROM codeio.release_sample AS member
    INNER JOIN codeio.sample_text AS counted USING (sample_id)
    WHERE member.release_id = :release_id
)
ORDER BY sample_text.sample_id;

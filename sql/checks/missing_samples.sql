-- The release states another number of samples than it holds; its id stands for it.
-- What to do: Release again: what is missing is assembled anew, as the next version.
SELECT release.release_id AS sample_id
FROM codeio.release
WHERE release.release_id = :release_id AND (
    release.samples = 0 OR release.samples <> (
        SELECT count(*) FROM codeio.release_sample WHERE release_sample.release_id = release.release_id
    )
);

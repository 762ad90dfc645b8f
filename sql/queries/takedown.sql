-- name: raw_files
SELECT count(DISTINCT raw_file_id) FROM codeio.meant_files(:kind, :value, :place_kind, :place);

-- name: sources
-- Those in which it is seen.
SELECT DISTINCT source FROM codeio.meant_files(:kind, :value, :place_kind, :place) ORDER BY source;

-- name: times_undone
SELECT count(*)
FROM codeio.takedown
INNER JOIN codeio.takedown_undo USING (takedown_id)
WHERE takedown.kind = :kind AND takedown.value = :value
    AND takedown.place_kind = :place_kind AND takedown.place = :place;

-- name: all
SELECT takedown.takedown_id, takedown.kind, takedown.value, takedown.place, takedown.reason, takedown.taken_down_at,
    takedown_undo.undone_at, count(takedown_reach.raw_file_id) AS files
FROM codeio.takedown
LEFT JOIN codeio.takedown_undo USING (takedown_id)
LEFT JOIN codeio.takedown_reach USING (takedown_id)
GROUP BY takedown.takedown_id, takedown_undo.undone_at
ORDER BY takedown.taken_down_at, takedown.takedown_id;

-- name: authorless_files
SELECT count(DISTINCT raw_file_origin.raw_file_id) FROM codeio.raw_file_origin WHERE raw_file_origin.author = '';

-- name: samples
SELECT count(*)
FROM codeio.sample
INNER JOIN codeio.prompt USING (prompt_id)
INNER JOIN codeio.io_pair USING (io_pair_id)
INNER JOIN codeio.program USING (program_id)
WHERE program.raw_file_id IN (
    SELECT meant.raw_file_id FROM codeio.meant_files(:kind, :value, :place_kind, :place) AS meant
);

-- name: releases
SELECT release.release_id, release.name, release.version, release.status, count(*) AS samples
FROM codeio.release
INNER JOIN codeio.release_sample USING (release_id)
INNER JOIN codeio.sample USING (sample_id)
INNER JOIN codeio.prompt USING (prompt_id)
INNER JOIN codeio.io_pair USING (io_pair_id)
INNER JOIN codeio.program USING (program_id)
WHERE program.raw_file_id IN (
    SELECT meant.raw_file_id FROM codeio.meant_files(:kind, :value, :place_kind, :place) AS meant
)
GROUP BY release.release_id, release.name, release.version, release.status
ORDER BY release.name, release.version;

-- name: of_release
SELECT takedown.kind, takedown.value, takedown.reason, takedown.taken_down_at,
    count(DISTINCT sample.sample_id) AS samples
FROM codeio.release_sample
INNER JOIN codeio.sample USING (sample_id)
INNER JOIN codeio.prompt USING (prompt_id)
INNER JOIN codeio.io_pair USING (io_pair_id)
INNER JOIN codeio.program USING (program_id)
INNER JOIN codeio.taken_down_file USING (raw_file_id)
INNER JOIN codeio.takedown USING (takedown_id)
WHERE release_sample.release_id = :release_id
GROUP BY takedown.takedown_id, takedown.kind, takedown.value, takedown.reason, takedown.taken_down_at
ORDER BY takedown.kind, takedown.value;

-- name: sources
SELECT source_id, kind, locator, licence, paused, cursor_value, settings
FROM codeio.source WHERE NOT removed ORDER BY kind, locator;

-- name: source
SELECT source_id, kind, locator, licence, paused, cursor_value, settings
FROM codeio.source WHERE source_id = :source_id AND NOT removed;

-- name: add_source
INSERT INTO codeio.source (source_id, kind, locator, licence, settings)
VALUES (:source_id, :kind, :locator, :licence, :settings)
ON CONFLICT (source_id) DO UPDATE
SET removed = false, paused = false, licence = excluded.licence, settings = excluded.settings
WHERE source.removed;

-- name: remove_source
UPDATE codeio.source SET removed = true WHERE source_id = :source_id AND NOT removed;

-- name: set_cursor
UPDATE codeio.source SET cursor_value = :cursor_value WHERE source_id = :source_id;

-- name: set_paused
UPDATE codeio.source SET paused = :paused WHERE source_id = :source_id AND NOT removed;

-- name: known_origins
SELECT origin_id FROM codeio.raw_file_origin WHERE origin_id = any(:origin_ids)
UNION
SELECT subject_id FROM codeio.drop_record WHERE stage = 'ingest' AND subject_id = any(:origin_ids);

-- name: known_raw_files
SELECT raw_file_id FROM codeio.raw_file WHERE raw_file_id = any(:raw_file_ids);

-- name: shown_at
SELECT place_id, origin_id FROM codeio.present_place
WHERE source_id = :source_id AND place_id = any(:place_ids);

-- name: shown
SELECT place_id, part, path, origin_id FROM codeio.present_place
WHERE source_id = :source_id AND place_id > :after
ORDER BY place_id
LIMIT :most;

-- name: read_sources
SELECT source.source_id FROM codeio.source
WHERE EXISTS (SELECT FROM codeio.tree_change WHERE tree_change.source_id = source.source_id);

-- name: outcomes
-- What became of all files of a source. Of a content that is shown at several places the first stands for it.
WITH seen AS (
    SELECT raw_file_origin.origin_id, raw_file_origin.raw_file_id
    FROM codeio.raw_file_origin
    WHERE raw_file_origin.source_id = :source_id
    UNION ALL
    SELECT drop_record.subject_id AS origin_id, null AS raw_file_id
    FROM codeio.drop_record
    WHERE drop_record.source_id = :source_id AND NOT EXISTS (
        SELECT FROM codeio.raw_file_origin WHERE raw_file_origin.origin_id = drop_record.subject_id
    )
),
shown AS (
    SELECT present_place.origin_id, row_number() OVER (
        PARTITION BY raw_file_origin.raw_file_id ORDER BY drop_record.reason NULLS FIRST, present_place.place_id
    ) AS number
    FROM codeio.present_place
    INNER JOIN codeio.raw_file_origin ON raw_file_origin.origin_id = present_place.origin_id
    LEFT JOIN codeio.drop_record
        ON drop_record.stage = 'ingest' AND drop_record.subject_id = present_place.origin_id
    WHERE raw_file_origin.raw_file_id IN (SELECT seen.raw_file_id FROM seen)
),
outcome AS (
    SELECT CASE WHEN shown.number = 1 THEN 'kept' ELSE coalesce(drop_record.reason, 'kept') END AS name,
        present_place.place_id IS NOT null AS present
    FROM seen
    LEFT JOIN codeio.present_place
        ON present_place.origin_id = seen.origin_id AND present_place.source_id = :source_id
    LEFT JOIN shown ON shown.origin_id = seen.origin_id
    LEFT JOIN codeio.drop_record ON drop_record.stage = 'ingest' AND drop_record.subject_id = seen.origin_id
)
SELECT outcome.name AS outcome, count(*) FILTER (WHERE outcome.present) AS present,
    count(*) FILTER (WHERE NOT outcome.present) AS past
FROM outcome
GROUP BY outcome.name
ORDER BY count(*) DESC, outcome.name;

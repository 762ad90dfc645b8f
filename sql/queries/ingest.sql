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

-- name: outcomes
WITH outcome AS (
    SELECT 'kept' AS name
    FROM codeio.raw_file_origin
    WHERE raw_file_origin.source_id = :source_id AND NOT EXISTS (
        SELECT FROM codeio.drop_record
        WHERE drop_record.stage = 'ingest' AND drop_record.subject_id = raw_file_origin.origin_id
    )
    UNION ALL
    SELECT drop_record.reason AS name FROM codeio.drop_record WHERE drop_record.source_id = :source_id
)
SELECT outcome.name AS outcome, count(*) AS rows
FROM outcome
GROUP BY outcome.name
ORDER BY count(*) DESC, outcome.name;

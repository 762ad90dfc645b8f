-- name: sources
SELECT source_id, kind, locator, licence, paused, cursor_value FROM codeio.source ORDER BY kind, locator;

-- name: source
SELECT source_id, kind, locator, licence, paused, cursor_value FROM codeio.source WHERE source_id = :source_id;

-- name: add_source
INSERT INTO codeio.source (source_id, kind, locator, licence)
VALUES (:source_id, :kind, :locator, :licence)
ON CONFLICT DO NOTHING;

-- name: set_cursor
UPDATE codeio.source SET cursor_value = :cursor_value WHERE source_id = :source_id;

-- name: set_paused
UPDATE codeio.source SET paused = :paused WHERE source_id = :source_id;

-- name: known_origins
SELECT origin_id FROM codeio.raw_file_origin WHERE origin_id = any(:origin_ids)
UNION
SELECT subject_id FROM codeio.drop_record WHERE stage = 'ingest' AND subject_id = any(:origin_ids);

-- name: known_raw_files
SELECT raw_file_id FROM codeio.raw_file WHERE raw_file_id = any(:raw_file_ids);

-- name: sources
SELECT source_id, kind, locator, licence, paused, cursor_value, settings, judged_with, judged_at
FROM codeio.source WHERE NOT removed ORDER BY kind, locator;

-- name: source
SELECT source_id, kind, locator, licence, paused, cursor_value, settings, judged_with, judged_at
FROM codeio.source WHERE source_id = :source_id AND NOT removed;

-- name: add_source
INSERT INTO codeio.source (source_id, kind, locator, licence, settings)
VALUES (:source_id, :kind, :locator, :licence, :settings)
ON CONFLICT (source_id) DO UPDATE
SET removed = false, withdrawn = false, paused = false, licence = excluded.licence, settings = excluded.settings,
    cursor_value = '', judged_with = ''
WHERE source.removed;

-- name: set_options
UPDATE codeio.source SET licence = :licence, settings = cast(:settings AS json)
WHERE source_id = :source_id AND NOT removed;

-- name: note_change
INSERT INTO codeio.source_change (source_id, change, licence, settings, stage_run_id)
SELECT source_id, :change, licence, settings, :stage_run_id FROM codeio.source WHERE source_id = :source_id;

-- name: changes
SELECT change, licence, cast(settings AS text) AS settings, changed_at
FROM codeio.source_change WHERE source_id = :source_id ORDER BY source_change_id;

-- name: seen_files
SELECT count(*) FROM codeio.origin_state WHERE source_id = :source_id;

-- name: remove_source
UPDATE codeio.source SET removed = true WHERE source_id = :source_id AND NOT removed;

-- name: withdraw_source
UPDATE codeio.source SET removed = true, withdrawn = true WHERE source_id = :source_id AND NOT withdrawn;

-- name: set_cursor
UPDATE codeio.source SET cursor_value = :cursor_value WHERE source_id = :source_id;

-- name: clock
SELECT clock_timestamp();

-- name: set_judged
-- What was taken back since the reading began may have been read before.
UPDATE codeio.source SET judged_at = :begun, judged_with = CASE WHEN EXISTS (
    SELECT FROM codeio.requeued_drop
    WHERE requeued_drop.stage = 'ingest' AND requeued_drop.source_id = source.source_id AND requeued_drop.waits
        AND requeued_drop.requeued_at > :begun
) THEN '' ELSE :judged_with END
WHERE source.source_id = :source_id;

-- name: judge_anew
UPDATE codeio.source SET judged_with = '' WHERE source_id = any(:source_ids);

-- name: set_paused
UPDATE codeio.source SET paused = :paused WHERE source_id = :source_id AND NOT removed;

-- name: standings
SELECT asked.origin_id, current_origin.licence, coalesce(drop_record.reason, '') AS reason,
    waiting_origin.origin_id IS NOT null AS waits
FROM unnest(cast(:origin_ids AS uuid[])) AS asked (origin_id)
LEFT JOIN codeio.current_origin ON current_origin.origin_id = asked.origin_id
LEFT JOIN codeio.drop_record ON drop_record.stage = 'ingest' AND drop_record.subject_id = asked.origin_id
LEFT JOIN codeio.waiting_origin ON waiting_origin.origin_id = asked.origin_id
WHERE current_origin.origin_id IS NOT null OR drop_record.drop_record_id IS NOT null
    OR waiting_origin.origin_id IS NOT null;

-- name: waiting
SELECT origin_id FROM codeio.waiting_origin WHERE source_id = :source_id;

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

-- name: held_raw_files
-- Raw files that another origin than these keeps.
SELECT raw_file_id FROM codeio.raw_file_origin
WHERE raw_file_id = any(:raw_file_ids) AND origin_id <> all(:origin_ids) AND NOT EXISTS (
    SELECT FROM codeio.drop_record
    WHERE drop_record.stage = 'ingest' AND drop_record.subject_id = raw_file_origin.origin_id
);

-- name: heirs
-- Of raw files that no origin keeps any more, the first one that is dropped as a duplicate alone.
SELECT DISTINCT ON (heir.raw_file_id) heir.origin_id
FROM codeio.raw_file_origin AS heir
INNER JOIN codeio.source ON source.source_id = heir.source_id AND NOT source.withdrawn
INNER JOIN codeio.drop_record
    ON drop_record.stage = 'ingest' AND drop_record.subject_id = heir.origin_id AND drop_record.reason = 'duplicate'
WHERE heir.raw_file_id = any(:raw_file_ids) AND NOT EXISTS (
    SELECT FROM codeio.raw_file_origin AS kept
    WHERE kept.raw_file_id = heir.raw_file_id AND NOT EXISTS (
        SELECT FROM codeio.drop_record AS refused
        WHERE refused.stage = 'ingest' AND refused.subject_id = kept.origin_id
    )
)
ORDER BY heir.raw_file_id, heir.origin_id;

-- name: read_sources
SELECT source.source_id FROM codeio.source
WHERE EXISTS (SELECT FROM codeio.tree_change WHERE tree_change.source_id = source.source_id);

-- name: outcomes
-- What became of all files of a source, that it shows now and that it showed once.
WITH outcome AS (
    SELECT coalesce(nullif(origin_state.reason, ''), origin_state.state) AS name, origin_state.origin_id IN (
        SELECT present_place.origin_id FROM codeio.present_place WHERE present_place.source_id = :source_id
    ) AS present
    FROM codeio.origin_state
    WHERE origin_state.source_id = :source_id
)
SELECT outcome.name AS outcome, count(*) FILTER (WHERE outcome.present) AS present,
    count(*) FILTER (WHERE NOT outcome.present) AS past
FROM outcome
GROUP BY outcome.name
ORDER BY count(*) DESC, outcome.name;

-- name: licences
SELECT DISTINCT file_shown.licence FROM codeio.file_shown;

-- name: take
-- What a recipe takes: of the programs of a file the latest, by those it asks for. Null takes everything.
CREATE TEMPORARY TABLE taken ON COMMIT DROP AS
WITH by_them AS (
    SELECT offered.*, rank() OVER (
        PARTITION BY offered.raw_file_id, offered.teacher_id
        ORDER BY offered.program_made_at DESC, offered.program_id DESC
    ) AS age
    FROM codeio.offered_conversation AS offered
    WHERE offered.teacher_id = any(cast(:teachers AS uuid[]))
        AND offered.transformer_id = any(cast(:transformers AS uuid[]))
)
SELECT codeio.sample_id_of(by_them.prompt_id, by_them.first_verdict_id, by_them.second_verdict_id) AS sample_id,
    by_them.prompt_id, by_them.first_verdict_id, by_them.second_verdict_id, by_them.program_id, by_them.teacher_id,
    by_them.source_kind, by_them.source_locator, by_them.source_version, by_them.source_path, by_them.licence,
    by_them.quarantine, by_them.quarantine_detail,
    CASE WHEN :curriculum THEN by_them.code_chars + by_them.answer_chars ELSE 0 END AS difficulty
FROM by_them
WHERE by_them.age = 1
    AND (
        cast(:sources AS text[]) IS NULL OR by_them.source = any(cast(:sources AS text[]))
        OR by_them.source_locator = any(cast(:sources AS text[]))
    )
    AND (cast(:repositories AS text[]) IS NULL OR by_them.repository = any(cast(:repositories AS text[])))
    AND (cast(:licences AS text[]) IS NULL OR by_them.licence = any(cast(:licences AS text[])))
    AND (cast(:languages AS text[]) IS NULL OR by_them.language = any(cast(:languages AS text[])))
    AND (by_them.present OR NOT :present)
    AND by_them.night >= :since
    AND by_them.direction = any(cast(:directions AS text[]))
    AND (cast(:questions AS integer) IS NULL OR by_them.question <= :questions)
    AND (NOT :drops_wrong OR CASE
        WHEN :turns = 2 THEN coalesce(by_them.verdict_2, by_them.verdict_1) ELSE by_them.verdict_1
    END = 'correct')
    AND codeio.place_in_share(by_them.prompt_id) < :share;

-- name: analyze_taken
ANALYZE taken;

-- name: count
SELECT count(*) FROM taken;

-- name: unknown
-- Those that no release took before.
SELECT taken.sample_id, taken.prompt_id, taken.first_verdict_id, taken.second_verdict_id
FROM taken
WHERE NOT EXISTS (SELECT FROM codeio.sample WHERE sample.sample_id = taken.sample_id);

-- name: quarantined
SELECT taken.sample_id, taken.quarantine AS reason, taken.quarantine_detail AS detail
FROM taken
WHERE taken.quarantine IS NOT NULL AND taken.quarantine_detail IS NOT NULL
ORDER BY taken.difficulty, taken.sample_id;

-- name: ids
-- Those of files that are not in quarantine, in the order of the release.
SELECT taken.sample_id
FROM taken
WHERE taken.quarantine IS NULL
ORDER BY taken.difficulty, taken.sample_id;

-- name: leave_out
DELETE FROM taken WHERE taken.sample_id = any(cast(:sample_ids AS uuid[]));

-- name: place
CREATE TEMPORARY TABLE placed ON COMMIT DROP AS
WITH split AS (
    SELECT taken.*, CASE
        WHEN taken.program_id = any(cast(:validation AS uuid[])) THEN 'validation' ELSE 'train'
    END AS split
    FROM taken
)
SELECT split.*, row_number() OVER (PARTITION BY split.split ORDER BY split.difficulty, split.sample_id) - 1 AS position
FROM split;

-- name: teachers
SELECT teacher_id, count(*) AS samples FROM placed GROUP BY teacher_id;

-- name: contents
SELECT encode(sample_content.text_sha256, 'hex') AS text_sha256, placed.source_kind, placed.source_locator,
    placed.source_version, placed.source_path, placed.licence, placed.split
FROM placed
INNER JOIN codeio.sample_content USING (sample_id)
WHERE sample_content.definition_id = :definition_id
ORDER BY placed.split, placed.position;

-- name: keep
INSERT INTO codeio.release_sample (release_id, sample_id, split, position)
SELECT cast(:release_id AS uuid) AS release_id, sample_id, split, position FROM placed ORDER BY sample_id;

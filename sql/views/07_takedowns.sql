-- What is taken down.

CREATE FUNCTION codeio.released_name(name text) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN CASE
    WHEN name ~ '^(file:)?/'
        THEN regexp_replace(rtrim(name, '/'), '^.*/', '') || '-' || left(md5(name), 8)
    ELSE name
END;
COMMENT ON FUNCTION codeio.released_name(text) IS
'What releases say for the locator of a source or the id of a model: the same, or of a path on this machine the last '
'part, with eight characters of the hash of all of it.';

CREATE FUNCTION codeio.is_of_repository(name text, origin codeio.current_origin, source codeio.source)
RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN name IN (
    source.locator, source.kind || ':' || source.locator,
    codeio.released_name(source.locator), source.kind || ':' || codeio.released_name(source.locator),
    split_part(source.locator, '==', 1), origin.repository
) OR source.kind IN ('jsonl', 'parquet') AND starts_with(origin.path, name || '/');
COMMENT ON FUNCTION codeio.is_of_repository(text, codeio.current_origin, codeio.source) IS
'Whether a file was seen in the repository, package or source of this name; rows of JSONL and Parquet sources begin '
'with owner and repository.';

CREATE FUNCTION codeio.is_of_place(
    place_kind text, place text, origin codeio.current_origin, source codeio.source
)
RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN CASE place_kind
    WHEN 'repository' THEN codeio.is_of_repository(place, origin, source)
    WHEN 'source' THEN place IN (
        source.locator, source.kind || ':' || source.locator, source.source_id::text,
        codeio.released_name(source.locator), source.kind || ':' || codeio.released_name(source.locator)
    )
    ELSE TRUE
END;
COMMENT ON FUNCTION codeio.is_of_place(text, text, codeio.current_origin, codeio.source) IS
'Whether a file was seen in the repository or source that a takedown of a path is about; without one, anywhere.';

CREATE FUNCTION codeio.is_below(path text, top text) RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN path = top OR starts_with(path, rtrim(top, '/') || '/');
COMMENT ON FUNCTION codeio.is_below(text, text) IS 'Whether a path is another, or lies below it.';

CREATE FUNCTION codeio.origin_matches(
    kind text, value text, place_kind text, place text, origin codeio.current_origin, source codeio.source
)
RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN CASE kind
    WHEN 'repository' THEN codeio.is_of_repository(value, origin, source)
    WHEN 'path' THEN codeio.is_of_place(place_kind, place, origin, source) AND (
            codeio.is_below(origin.path, value)
            OR place_kind = 'repository' AND codeio.is_below(origin.path, place || '/' || value)
        )
    WHEN 'author' THEN regexp_split_to_array(lower(origin.author), '\s*[,;<>]\s*') @> ARRAY[lower(value)]
        OR source.kind IN ('jsonl', 'parquet') AND starts_with(origin.path, value || '/')
    WHEN 'licence' THEN origin.licence = value
END;
COMMENT ON FUNCTION codeio.origin_matches(text, text, text, text, codeio.current_origin, codeio.source) IS
'Whether a takedown of this kind, value and place means a file seen here. A path means all below it.';

CREATE FUNCTION codeio.meant_files(of_kind text, of_value text, of_place_kind text, of_place text)
RETURNS TABLE (raw_file_id uuid, source text)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT current_origin.raw_file_id, source.kind || ':' || source.locator AS source
    FROM codeio.current_origin
    INNER JOIN codeio.source USING (source_id)
    WHERE codeio.origin_matches(of_kind, of_value, of_place_kind, of_place, current_origin, source);
END;
COMMENT ON FUNCTION codeio.meant_files(text, text, text, text) IS
'Raw files that a takedown of this kind, value and place means, with the source of each place where they are seen.';

CREATE VIEW codeio.takedown_reach AS
SELECT DISTINCT meant.raw_file_id, takedown.takedown_id, takedown.kind, takedown.value, takedown.reason,
    takedown.taken_down_at, takedown_undo.undone_at
FROM codeio.takedown
CROSS JOIN LATERAL codeio.meant_files(takedown.kind, takedown.value, takedown.place_kind, takedown.place) AS meant
LEFT JOIN codeio.takedown_undo USING (takedown_id);
COMMENT ON VIEW codeio.takedown_reach IS
'Raw files that a takedown means, undone or not. A file seen in several places is meant when one of them is.';
COMMENT ON COLUMN codeio.takedown_reach.raw_file_id IS 'The file.';
COMMENT ON COLUMN codeio.takedown_reach.takedown_id IS 'The takedown.';
COMMENT ON COLUMN codeio.takedown_reach.undone_at IS 'When it was undone; null while it holds.';

CREATE VIEW codeio.taken_down_file AS
SELECT takedown_reach.raw_file_id, takedown_reach.takedown_id
FROM codeio.takedown_reach
WHERE takedown_reach.undone_at IS NULL;
COMMENT ON VIEW codeio.taken_down_file IS 'Raw files that a takedown means that was not undone.';
COMMENT ON COLUMN codeio.taken_down_file.raw_file_id IS 'The file.';
COMMENT ON COLUMN codeio.taken_down_file.takedown_id IS 'The takedown.';

-- Takedowns, the order of rows in a release, and what recipes select by.

ALTER TABLE codeio.raw_file_origin ADD COLUMN author text NOT NULL DEFAULT '';
COMMENT ON COLUMN codeio.raw_file_origin.author IS 'Who wrote it, as the source states it: names and addresses; empty when it does not.';

ALTER TABLE codeio.release_sample ADD COLUMN position integer NOT NULL DEFAULT 0;
CREATE INDEX release_sample_position ON codeio.release_sample (release_id, split, position, sample_id);
COMMENT ON COLUMN codeio.release_sample.position IS 'Place of the row in the files of its split, from 0, in the order that the recipe asks for.';

CREATE TABLE codeio.takedown (
    takedown_id uuid CONSTRAINT takedown_pk PRIMARY KEY,
    kind text NOT NULL CONSTRAINT takedown_kind CHECK (kind IN ('repository', 'path', 'author', 'licence')),
    value text NOT NULL CONSTRAINT takedown_value CHECK (value <> ''),
    reason text NOT NULL,
    taken_down_at timestamptz NOT NULL DEFAULT now(),
    stage_run_id uuid NOT NULL CONSTRAINT takedown_stage_run_fk REFERENCES codeio.stage_run,
    CONSTRAINT takedown_once UNIQUE (kind, value)
);
COMMENT ON TABLE codeio.takedown IS 'What must not be in any later release. It holds for files that are ingested later, too.';
COMMENT ON COLUMN codeio.takedown.takedown_id IS 'Derived from kind and value.';
COMMENT ON COLUMN codeio.takedown.kind IS 'What value names: a repository, path, author or licence.';
COMMENT ON COLUMN codeio.takedown.value IS 'The repository, path, author or licence.';
COMMENT ON COLUMN codeio.takedown.reason IS 'Why, in the words of who asked for it.';
COMMENT ON COLUMN codeio.takedown.taken_down_at IS 'When it was asked for.';
COMMENT ON COLUMN codeio.takedown.stage_run_id IS 'Who recorded it.';

CREATE FUNCTION codeio.origin_matches(kind text, value text, origin codeio.raw_file_origin, source codeio.source)
RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN CASE kind
    WHEN 'repository' THEN value IN (source.locator, source.kind || ':' || source.locator, split_part(source.locator, '==', 1))
        OR source.kind = 'jsonl' AND starts_with(origin.path, value || '/')
    WHEN 'path' THEN origin.path = value OR starts_with(origin.path, rtrim(value, '/') || '/')
    WHEN 'author' THEN regexp_split_to_array(lower(origin.author), '\s*[,;<>]\s*') @> ARRAY[lower(value)]
        OR source.kind = 'jsonl' AND starts_with(origin.path, value || '/')
    WHEN 'licence' THEN origin.licence = value
END;
COMMENT ON FUNCTION codeio.origin_matches(text, text, codeio.raw_file_origin, codeio.source) IS
'Whether a takedown of this kind and value means a file seen at this place. A path means all below it; rows of a JSONL source begin with owner and repository.';

CREATE VIEW codeio.taken_down_file AS
SELECT DISTINCT raw_file_origin.raw_file_id, takedown.takedown_id
FROM codeio.takedown
CROSS JOIN codeio.raw_file_origin
INNER JOIN codeio.source USING (source_id)
WHERE codeio.origin_matches(takedown.kind, takedown.value, raw_file_origin, source);
COMMENT ON VIEW codeio.taken_down_file IS 'Raw files that a takedown means. A file seen in several places is taken down when one of them is.';

CREATE VIEW codeio.question_number AS
SELECT prompt.prompt_id, dense_rank() OVER (
    PARTITION BY io_pair.program_id
    ORDER BY io_pair.ordinal, (prompt.direction = 'output') <> (get_byte(uuid_send(io_pair.program_id), 15) % 2 = 0)
)::integer AS question
FROM codeio.prompt
INNER JOIN codeio.io_pair USING (io_pair_id);
COMMENT ON VIEW codeio.question_number IS
'Number of each prompt among those of its program, from 1: pair by pair. By its id, a program begins with the output or the input, so the first N are balanced.';

CREATE VIEW codeio.release_cost AS
WITH member AS (
    SELECT release_sample.release_id, sample.prompt_id, sample.first_verdict_id, sample.second_verdict_id
    FROM codeio.release_sample
    INNER JOIN codeio.sample USING (sample_id)
),
used AS (
    SELECT member.release_id, response.teacher_call_id
    FROM member
    INNER JOIN codeio.verdict ON verdict.verdict_id IN (member.first_verdict_id, member.second_verdict_id)
    INNER JOIN codeio.response USING (response_id)
    UNION
    SELECT member.release_id, program.teacher_call_id
    FROM member
    INNER JOIN codeio.prompt USING (prompt_id)
    INNER JOIN codeio.io_pair USING (io_pair_id)
    INNER JOIN codeio.program USING (program_id)
)
SELECT used.release_id, teacher_call.purpose, count(*) AS calls, sum(teacher_call.prompt_tokens) AS prompt_tokens,
    sum(teacher_call.completion_tokens) AS completion_tokens, sum(teacher_call.cost_usd) AS cost_usd,
    count(*) FILTER (WHERE teacher_call.cost_usd IS NULL) AS unpriced_calls
FROM used
INNER JOIN codeio.teacher_call USING (teacher_call_id)
GROUP BY used.release_id, teacher_call.purpose;
COMMENT ON VIEW codeio.release_cost IS 'Teacher calls whose replies stand in a release, by purpose, with tokens and US dollars; calls of replies that were dropped are not among them.';

GRANT SELECT ON codeio.takedown, codeio.taken_down_file, codeio.question_number, codeio.release_cost TO codeio_app, codeio_auditor;
GRANT INSERT ON codeio.takedown TO codeio_app;

UPDATE codeio.release_sample SET position = numbered.position
FROM (
    SELECT
        member.release_id, member.sample_id,
        row_number() OVER (PARTITION BY member.release_id, member.split ORDER BY member.sample_id) - 1 AS position
    FROM codeio.release_sample AS member
) AS numbered
WHERE release_sample.release_id = numbered.release_id AND release_sample.sample_id = numbered.sample_id;

ALTER TABLE codeio.release ADD COLUMN funnel json NOT NULL DEFAULT '[]';
COMMENT ON COLUMN codeio.release.funnel IS 'The funnel when it was assembled: [{"stage", "rows"}], from raw files to its samples. The card shows it.';

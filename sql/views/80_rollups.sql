-- Triggers that keep the rollups, in the transaction that writes the facts. See docs/decisions/0051.

-- Runs as the owner: the role that writes facts may not write what is derived from them.
CREATE FUNCTION codeio.tally() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
AS $$
DECLARE
    outcome text := TG_ARGV[0];
    subjects text := TG_ARGV[1];
    columns text := TG_ARGV[2];
    expressions text := TG_ARGV[3];
    joined text := TG_ARGV[4];
    -- What was taken back counts no more, and is no news of the run.
    sign text := CASE TG_OP WHEN 'DELETE' THEN '-' ELSE '' END;
    at text := CASE TG_OP WHEN 'DELETE' THEN 'known.updated_at' ELSE 'excluded.updated_at' END;
    sums text := CASE TG_TABLE_NAME
        WHEN 'teacher_call' THEN 'sum(added.prompt_tokens), sum(added.completion_tokens), sum(added.cost_usd)'
        ELSE '0, 0, NULL'
    END;
BEGIN
    EXECUTE format(
        'INSERT INTO codeio.stage_run_tally AS known (stage_run_id, outcome, %s, rows, subjects, '
        'prompt_tokens, completion_tokens, cost_usd, updated_at) '
        'SELECT added.stage_run_id, %L, %s, %scount(*), %s%s, %s, clock_timestamp() FROM added %s '
        'GROUP BY added.stage_run_id, %s '
        'ON CONFLICT ON CONSTRAINT stage_run_tally_once DO UPDATE SET '
        'rows = known.rows + excluded.rows, subjects = known.subjects + excluded.subjects, '
        'prompt_tokens = known.prompt_tokens + excluded.prompt_tokens, '
        'completion_tokens = known.completion_tokens + excluded.completion_tokens, '
        'cost_usd = coalesce(known.cost_usd + excluded.cost_usd, known.cost_usd, excluded.cost_usd), '
        'updated_at = %s',
        columns, outcome, expressions, sign, sign, subjects, sums, joined, expressions, at);
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION codeio.tally() IS
'Adds what a statement inserted to codeio.stage_run_tally, and subtracts what it deleted. Arguments: outcome, and SQL '
'over relation `added`: count of the subjects, columns of the tally that tell rows apart, their expressions, joins.';

DO $$
DECLARE fact record;
BEGIN
    FOR fact IN SELECT * FROM (VALUES
        ('raw_file', 'passed', 'count(*)', 'stage', '''ingest''::text', ''),
        ('raw_file_origin', 'seen', 'count(*)', 'stage, source_id', '''ingest''::text, added.source_id', ''),
        ('program', 'passed', 'count(DISTINCT added.raw_file_id)', 'stage', '''transform''::text', ''),
        ('program_measure', 'measured', 'count(*)', 'stage, rss_mib_up_to',
            '''sample''::text, power(2.0, ceil(log(2.0, greatest(added.peak_rss_kib / 1024.0, 1.0))))', ''),
        ('io_pair', 'passed', 'count(*) FILTER (WHERE added.ordinal = 0)', 'stage, wall_ms_up_to',
            '''sample''::text, power(2.0, ceil(log(2.0, greatest(added.wall_ms, 0.125)::numeric)))', ''),
        ('prompt', 'passed', 'count(*)', 'stage, direction', '''prompt''::text, added.direction', ''),
        ('response', 'passed', 'count(DISTINCT added.prompt_id)', 'stage, turn, teacher_id',
            'CASE added.turn WHEN 1 THEN ''answer'' ELSE ''revise'' END, added.turn, added.teacher_id', ''),
        ('verdict', 'passed', 'count(DISTINCT added.response_id)', 'stage, verdict, direction, turn, teacher_id',
            '''verify''::text, added.verdict, prompt.direction, response.turn, response.teacher_id',
            'INNER JOIN codeio.response USING (response_id) INNER JOIN codeio.prompt USING (prompt_id)'),
        ('sample', 'passed', 'count(*)', 'stage', '''release''::text', ''),
        ('drop_record', 'dropped', 'count(*)', 'stage, reason, source_id, teacher_id',
            'CASE WHEN added.stage = ''dedup'' AND program.program_id IS NOT NULL THEN ''dedup programs'' '
            'ELSE added.stage END, added.reason, added.source_id, added.teacher_id',
            'LEFT JOIN codeio.program ON program.program_id = added.subject_id'),
        ('drop_record', 'set_aside', 'count(*)', 'stage, reason, source_id',
            'added.stage, added.reason, added.source_id',
            'INNER JOIN codeio.raw_file_origin ON raw_file_origin.origin_id = added.subject_id '
            'AND added.stage = ''ingest'''),
        ('teacher_call', 'called', 'count(*)', 'stage, reply, teacher_id',
            'added.purpose, added.outcome, added.teacher_id', '')
    ) AS facts (relation, outcome, subjects, columns, expressions, joined)
    LOOP
        EXECUTE format(
            'CREATE TRIGGER %I AFTER INSERT ON codeio.%I REFERENCING NEW TABLE AS added '
            'FOR EACH STATEMENT EXECUTE FUNCTION codeio.tally(%L, %L, %L, %L, %L)',
            fact.relation || '_' || fact.outcome, fact.relation, fact.outcome, fact.subjects, fact.columns,
            fact.expressions, fact.joined);
        IF fact.relation = 'drop_record' THEN
            EXECUTE format(
                'CREATE TRIGGER %I AFTER DELETE ON codeio.drop_record REFERENCING OLD TABLE AS added '
                'FOR EACH STATEMENT EXECUTE FUNCTION codeio.tally(%L, %L, %L, %L, %L)',
                fact.relation || '_not_' || fact.outcome, fact.outcome, fact.subjects, fact.columns,
                fact.expressions, fact.joined);
        END IF;
    END LOOP;
END;
$$;

CREATE VIEW codeio.faceted_sample AS
SELECT sample.sample_id, prompt.direction, first_verdict.verdict AS verdict_1,
    coalesce(second_verdict.verdict, '') AS verdict_2, coalesce(drop_record.reason, '') AS drop_reason,
    first_response.teacher_id, origin.source_id, program.program_id,
    left(program.problem_statement, 160) AS problem, origin.path AS source_path,
    origin.licence, to_tsvector(
        'simple', regexp_replace(program.entry_point || ' ' || origin.path, '[^[:alnum:]]+', ' ', 'g')
        || ' ' || left(program.problem_statement, 2000)
    ) AS words
FROM codeio.sample
INNER JOIN codeio.prompt USING (prompt_id)
INNER JOIN codeio.io_pair USING (io_pair_id)
INNER JOIN codeio.program USING (program_id)
INNER JOIN codeio.verdict AS first_verdict ON first_verdict.verdict_id = sample.first_verdict_id
INNER JOIN codeio.response AS first_response ON first_response.response_id = first_verdict.response_id
LEFT JOIN codeio.verdict AS second_verdict ON second_verdict.verdict_id = sample.second_verdict_id
LEFT JOIN codeio.drop_record
    ON drop_record.stage = 'revise' AND drop_record.subject_id = sample.prompt_id
        AND drop_record.teacher_id = first_response.teacher_id
CROSS JOIN LATERAL (
    SELECT current_origin.source_id, current_origin.path, current_origin.licence
    FROM codeio.current_origin
    INNER JOIN codeio.source USING (source_id)
    WHERE current_origin.raw_file_id = program.raw_file_id
    ORDER BY current_origin.passes DESC, source.kind, source.locator, current_origin.version, current_origin.path
    LIMIT 1
) AS origin;
COMMENT ON VIEW codeio.faceted_sample IS 'What codeio.sample_facet keeps of each sample, from the facts.';
COMMENT ON COLUMN codeio.faceted_sample.verdict_1 IS 'Verdict on the first answer.';
COMMENT ON COLUMN codeio.faceted_sample.verdict_2 IS 'Verdict on the revision; empty when there was none.';
COMMENT ON COLUMN codeio.faceted_sample.drop_reason IS
'Why there was no revision of a wrong answer; empty when nothing was dropped.';
COMMENT ON COLUMN codeio.faceted_sample.source_id IS
'Where its file was seen; the first by name when in several places.';
COMMENT ON COLUMN codeio.faceted_sample.program_id IS 'The program it asks about.';
COMMENT ON COLUMN codeio.faceted_sample.problem IS 'Beginning of the problem statement.';
COMMENT ON COLUMN codeio.faceted_sample.teacher_id IS 'Who answered.';
COMMENT ON COLUMN codeio.faceted_sample.source_path IS 'Path of the file in its source.';
COMMENT ON COLUMN codeio.faceted_sample.words IS 'Words of path, entry point and problem statement, for the search.';

-- Runs as the owner, as codeio.tally() does.
CREATE FUNCTION codeio.keep_sample_facet() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
AS $$
BEGIN
    INSERT INTO codeio.sample_facet
    SELECT * FROM codeio.faceted_sample WHERE faceted_sample.sample_id IN (SELECT added.sample_id FROM added);
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION codeio.keep_sample_facet() IS 'Adds the samples that a statement inserted to codeio.sample_facet.';
CREATE TRIGGER sample_facet AFTER INSERT ON codeio.sample REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION codeio.keep_sample_facet();

CREATE FUNCTION codeio.relicense_sample_facet() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
AS $$
BEGIN
    UPDATE codeio.sample_facet SET licence = faceted_sample.licence
    FROM codeio.faceted_sample
    WHERE faceted_sample.sample_id = sample_facet.sample_id AND sample_facet.program_id IN (
        SELECT program.program_id
        FROM added
        INNER JOIN codeio.raw_file_origin USING (origin_id)
        INNER JOIN codeio.program USING (raw_file_id)
    );
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION codeio.relicense_sample_facet() IS
'Brings the licence in force to codeio.sample_facet, of samples of files that were found under another one.';
CREATE TRIGGER sample_facet_licence AFTER INSERT ON codeio.origin_licence REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION codeio.relicense_sample_facet();

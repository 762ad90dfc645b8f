-- What the pages read in place of millions of facts: counts per stage run, and one narrow row a sample.

CREATE TABLE codeio.stage_run_tally (
    stage_run_id uuid NOT NULL CONSTRAINT stage_run_tally_stage_run_fk REFERENCES codeio.stage_run,
    stage text NOT NULL,
    outcome text NOT NULL,
    label text NOT NULL,
    direction text NOT NULL,
    turn integer NOT NULL,
    rows bigint NOT NULL,
    subjects bigint NOT NULL,
    prompt_tokens bigint NOT NULL,
    completion_tokens bigint NOT NULL,
    cost_usd numeric(14, 6),
    updated_at timestamptz NOT NULL,
    CONSTRAINT stage_run_tally_pk PRIMARY KEY (stage_run_id, stage, outcome, label, direction, turn)
);
COMMENT ON TABLE codeio.stage_run_tally IS 'How many facts of each kind a stage run wrote; kept by triggers, in the transaction that writes the facts.';
COMMENT ON COLUMN codeio.stage_run_tally.stage_run_id IS 'The stage run.';
COMMENT ON COLUMN codeio.stage_run_tally.stage IS 'Stage of the funnel that the facts belong to.';
COMMENT ON COLUMN codeio.stage_run_tally.outcome IS 'passed, dropped, seen (an origin of a raw file), measured (a program) or called (a request to a teacher).';
COMMENT ON COLUMN codeio.stage_run_tally.label IS 'What tells them apart: drop reason, verdict, outcome of the call, source id (seen), upper edge of wall ms (pairs) or peak MiB (measured).';
COMMENT ON COLUMN codeio.stage_run_tally.direction IS 'Direction of prompts and verdicts; empty for others.';
COMMENT ON COLUMN codeio.stage_run_tally.turn IS 'Turn of responses and verdicts; 0 for others.';
COMMENT ON COLUMN codeio.stage_run_tally.rows IS 'Facts.';
COMMENT ON COLUMN codeio.stage_run_tally.subjects IS 'Rows of the stage before that these facts settle: raw files, programs, prompts or responses.';
COMMENT ON COLUMN codeio.stage_run_tally.prompt_tokens IS 'Sum over teacher calls; 0 for others.';
COMMENT ON COLUMN codeio.stage_run_tally.completion_tokens IS 'Sum over teacher calls; 0 for others.';
COMMENT ON COLUMN codeio.stage_run_tally.cost_usd IS 'Sum over teacher calls with a known price; null when none has one.';
COMMENT ON COLUMN codeio.stage_run_tally.updated_at IS 'When the last of them was written.';

CREATE FUNCTION codeio.tally_statement(
    added text, stage text, outcome text, label text, direction text, turn text, subjects text, calls boolean, joined text
) RETURNS text LANGUAGE sql IMMUTABLE
RETURN format(
    'INSERT INTO codeio.stage_run_tally AS known '
    'SELECT added.stage_run_id, %s, %s, %s, %s, %s, count(*), %s, %s, clock_timestamp() FROM %s AS added %s '
    'GROUP BY 1, 2, 3, 4, 5, 6 '
    'ON CONFLICT ON CONSTRAINT stage_run_tally_pk DO UPDATE SET '
    'rows = known.rows + excluded.rows, subjects = known.subjects + excluded.subjects, '
    'prompt_tokens = known.prompt_tokens + excluded.prompt_tokens, '
    'completion_tokens = known.completion_tokens + excluded.completion_tokens, '
    'cost_usd = coalesce(known.cost_usd + excluded.cost_usd, known.cost_usd, excluded.cost_usd), '
    'updated_at = excluded.updated_at',
    stage, quote_literal(outcome), label, direction, turn, subjects,
    CASE WHEN calls THEN 'sum(added.prompt_tokens), sum(added.completion_tokens), sum(added.cost_usd)' ELSE '0, 0, NULL' END,
    added, joined
);
COMMENT ON FUNCTION codeio.tally_statement(text, text, text, text, text, text, text, boolean, text)
IS 'The statement that adds the facts of relation `added` to the tally; the other arguments are SQL expressions over them.';

-- Runs as the owner: the role that writes facts may not write what is derived from them.
CREATE FUNCTION codeio.tally() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
AS $$
BEGIN
    EXECUTE codeio.tally_statement(
        'added', TG_ARGV[0], TG_ARGV[1], TG_ARGV[2], TG_ARGV[3], TG_ARGV[4], TG_ARGV[5], TG_ARGV[6]::boolean, TG_ARGV[7]);
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION codeio.tally() IS 'Adds what a statement inserted to codeio.stage_run_tally.';

DO $$
DECLARE fact record;
BEGIN
    FOR fact IN SELECT * FROM (VALUES
        ('raw_file', '''ingest''', 'passed', 'added.language', '''''', '0', 'count(*)', false, ''),
        ('raw_file_origin', '''ingest''', 'seen', 'added.source_id::text', '''''', '0', 'count(*)', false, ''),
        ('program', '''transform''', 'passed', 'added.language', '''''', '0', 'count(DISTINCT added.raw_file_id)', false, ''),
        ('io_pair', '''sample''', 'passed',
            'power(2, ceil(log(2.0, greatest(added.wall_ms, 0.125)::numeric)))::real::text', '''''', '0', 'count(*) FILTER (WHERE added.ordinal = 0)', false, ''),
        ('prompt', '''prompt''', 'passed', '''''', 'added.direction', '0', 'count(*)', false, ''),
        ('response', 'CASE added.turn WHEN 1 THEN ''answer'' ELSE ''revise'' END', 'passed', '''''', '''''', 'added.turn', 'count(DISTINCT added.prompt_id)', false, ''),
        ('verdict', '''verify''', 'passed', 'added.verdict', 'prompt.direction', 'response.turn', 'count(DISTINCT added.response_id)', false,
            'INNER JOIN codeio.response USING (response_id) INNER JOIN codeio.prompt USING (prompt_id)'),
        ('program_measure', '''sample''', 'measured',
            'power(2, ceil(log(2.0, greatest(added.peak_rss_kib / 1024.0, 1.0))))::real::text', '''''', '0', 'count(*)', false, ''),
        ('sample', '''release''', 'passed', '''''', '''''', '0', 'count(*)', false, ''),
        ('drop_record', 'CASE WHEN added.stage = ''dedup'' AND program.program_id IS NOT NULL THEN ''dedup programs'' ELSE added.stage END',
            'dropped', 'added.reason', '''''', '0', 'count(*)', false,
            'LEFT JOIN codeio.program ON program.program_id = added.subject_id'),
        ('teacher_call', 'added.purpose', 'called', 'added.outcome', '''''', '0', 'count(*)', true, '')
    ) AS facts (relation, stage, outcome, label, direction, turn, subjects, calls, joined)
    LOOP
        EXECUTE format(
            'CREATE TRIGGER %I AFTER INSERT ON codeio.%I REFERENCING NEW TABLE AS added '
            'FOR EACH STATEMENT EXECUTE FUNCTION codeio.tally(%L, %L, %L, %L, %L, %L, %L, %L)',
            fact.relation || '_tally', fact.relation, fact.stage, fact.outcome, fact.label, fact.direction, fact.turn,
            fact.subjects, fact.calls, fact.joined);
        EXECUTE codeio.tally_statement(
            'codeio.' || fact.relation, fact.stage, fact.outcome, fact.label, fact.direction, fact.turn, fact.subjects,
            fact.calls, fact.joined);
    END LOOP;
END;
$$;

-- Facts from before this migration: when they were written is known to the stage run alone.
UPDATE codeio.stage_run_tally SET updated_at = stage_run.started_at
FROM codeio.stage_run WHERE stage_run.stage_run_id = stage_run_tally.stage_run_id;

CREATE TABLE codeio.sample_facet (
    sample_id uuid CONSTRAINT sample_facet_pk PRIMARY KEY CONSTRAINT sample_facet_sample_fk REFERENCES codeio.sample,
    direction text NOT NULL,
    verdict_1 text NOT NULL,
    verdict_2 text NOT NULL,
    drop_reason text NOT NULL,
    teacher_id uuid NOT NULL CONSTRAINT sample_facet_teacher_fk REFERENCES codeio.teacher,
    source_id uuid NOT NULL CONSTRAINT sample_facet_source_fk REFERENCES codeio.source,
    program_id uuid NOT NULL CONSTRAINT sample_facet_program_fk REFERENCES codeio.program,
    problem text NOT NULL,
    source_path text NOT NULL,
    licence text NOT NULL,
    words tsvector NOT NULL
);
CREATE INDEX sample_facet_verdict_1 ON codeio.sample_facet (verdict_1, sample_id);
CREATE INDEX sample_facet_verdict_2 ON codeio.sample_facet (verdict_2, sample_id);
CREATE INDEX sample_facet_drop_reason ON codeio.sample_facet (drop_reason, sample_id);
CREATE INDEX sample_facet_teacher ON codeio.sample_facet (teacher_id, sample_id);
CREATE INDEX sample_facet_source ON codeio.sample_facet (source_id, sample_id);
CREATE INDEX sample_facet_program ON codeio.sample_facet (program_id, sample_id);
CREATE INDEX sample_facet_words ON codeio.sample_facet USING gin (words);
COMMENT ON TABLE codeio.sample_facet IS 'What samples are searched and filtered by; kept by a trigger on codeio.sample.';
COMMENT ON COLUMN codeio.sample_facet.sample_id IS 'The sample.';
COMMENT ON COLUMN codeio.sample_facet.direction IS 'What was to be predicted.';
COMMENT ON COLUMN codeio.sample_facet.verdict_1 IS 'Verdict on the first answer.';
COMMENT ON COLUMN codeio.sample_facet.verdict_2 IS 'Verdict on the revision; empty when there was none.';
COMMENT ON COLUMN codeio.sample_facet.drop_reason IS 'Why there was no revision of a wrong answer; empty when nothing was dropped.';
COMMENT ON COLUMN codeio.sample_facet.teacher_id IS 'Who gave the first answer.';
COMMENT ON COLUMN codeio.sample_facet.source_id IS 'Where its file was seen; the first by name when in several places.';
COMMENT ON COLUMN codeio.sample_facet.program_id IS 'The program it asks about.';
COMMENT ON COLUMN codeio.sample_facet.problem IS 'Beginning of the problem statement.';
COMMENT ON COLUMN codeio.sample_facet.source_path IS 'Path of the file in its source.';
COMMENT ON COLUMN codeio.sample_facet.licence IS 'Licence of the file.';
COMMENT ON COLUMN codeio.sample_facet.words IS 'Words of path, entry point and problem statement, for the search.';

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
LEFT JOIN codeio.drop_record ON drop_record.stage = 'revise' AND drop_record.subject_id = sample.prompt_id
CROSS JOIN LATERAL (
    SELECT raw_file_origin.source_id, raw_file_origin.path, raw_file_origin.licence
    FROM codeio.raw_file_origin
    INNER JOIN codeio.source USING (source_id)
    WHERE raw_file_origin.raw_file_id = program.raw_file_id
    ORDER BY source.kind, source.locator, raw_file_origin.version, raw_file_origin.path
    LIMIT 1
) AS origin;
COMMENT ON VIEW codeio.faceted_sample IS 'What codeio.sample_facet keeps of each sample, from the facts.';

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
INSERT INTO codeio.sample_facet SELECT * FROM codeio.faceted_sample;

CREATE TABLE codeio.task_failure (
    task_failure_id uuid CONSTRAINT task_failure_pk PRIMARY KEY,
    dag_id text NOT NULL,
    run_id text NOT NULL,
    task_id text NOT NULL,
    map_index integer NOT NULL,
    try_number integer NOT NULL,
    error text NOT NULL,
    cause text NOT NULL,
    cure text NOT NULL,
    final boolean NOT NULL,
    failed_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX task_failure_run ON codeio.task_failure (dag_id, run_id);
CREATE INDEX task_failure_failed_at ON codeio.task_failure (failed_at);
COMMENT ON TABLE codeio.task_failure IS 'Why a try of a task failed, in one line, and what to do about it.';
COMMENT ON COLUMN codeio.task_failure.task_failure_id IS 'Derived from the Airflow ids, the try and the error.';
COMMENT ON COLUMN codeio.task_failure.dag_id IS 'Airflow DAG.';
COMMENT ON COLUMN codeio.task_failure.run_id IS 'Airflow DAG run.';
COMMENT ON COLUMN codeio.task_failure.task_id IS 'Airflow task; empty when a deadline passed.';
COMMENT ON COLUMN codeio.task_failure.map_index IS 'Index of the mapped task, -1 when it is not mapped.';
COMMENT ON COLUMN codeio.task_failure.try_number IS 'Try of the task, from 1.';
COMMENT ON COLUMN codeio.task_failure.error IS 'Class of the error.';
COMMENT ON COLUMN codeio.task_failure.cause IS 'Its first line.';
COMMENT ON COLUMN codeio.task_failure.cure IS 'What to do about it; empty when nobody knows.';
COMMENT ON COLUMN codeio.task_failure.final IS 'Whether the task failed for good: false when it will be tried again.';
COMMENT ON COLUMN codeio.task_failure.failed_at IS 'When.';

CREATE INDEX stage_run_started_at ON codeio.stage_run (started_at);
CREATE INDEX stage_run_run ON codeio.stage_run (dag_id, run_id);
CREATE INDEX drop_record_stage_run ON codeio.drop_record (stage_run_id);
CREATE INDEX drop_record_reason ON codeio.drop_record (stage, reason, drop_record_id);
CREATE INDEX io_pair_wall_ms ON codeio.io_pair (wall_ms DESC);

GRANT SELECT ON codeio.stage_run_tally, codeio.sample_facet, codeio.faceted_sample, codeio.task_failure
TO codeio_app, codeio_auditor;
GRANT INSERT ON codeio.task_failure TO codeio_app;

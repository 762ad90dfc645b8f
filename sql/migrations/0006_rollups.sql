-- What the pages read in place of millions of facts; kept by the triggers of views/80_rollups.sql.

CREATE TABLE codeio.stage_run_tally (
    stage_run_id uuid NOT NULL CONSTRAINT stage_run_tally_stage_run_fk REFERENCES codeio.stage_run,
    stage text NOT NULL,
    outcome text NOT NULL,
    source_id uuid CONSTRAINT stage_run_tally_source_fk REFERENCES codeio.source,
    reason text,
    verdict text,
    reply text,
    direction text,
    turn integer,
    wall_ms_up_to double precision,
    rss_mib_up_to double precision,
    rows bigint NOT NULL,
    subjects bigint NOT NULL,
    prompt_tokens bigint NOT NULL,
    completion_tokens bigint NOT NULL,
    cost_usd numeric(14, 6),
    updated_at timestamptz NOT NULL,
    CONSTRAINT stage_run_tally_once UNIQUE NULLS NOT DISTINCT (
        stage_run_id, stage, outcome, source_id, reason, verdict, reply, direction, turn,
        wall_ms_up_to, rss_mib_up_to
    )
);
CREATE INDEX stage_run_tally_source ON codeio.stage_run_tally (source_id) WHERE source_id IS NOT NULL;
COMMENT ON TABLE codeio.stage_run_tally IS
'How many facts of each kind a stage run wrote; kept by triggers, in the transaction that writes the facts.';
COMMENT ON COLUMN codeio.stage_run_tally.stage_run_id IS 'The stage run.';
COMMENT ON COLUMN codeio.stage_run_tally.stage IS 'Stage of the funnel that the facts belong to.';
COMMENT ON COLUMN codeio.stage_run_tally.outcome IS
'passed, dropped, seen (an origin of a raw file), measured (a program) or called (a request to a teacher).';
COMMENT ON COLUMN codeio.stage_run_tally.source_id IS
'The source, of origins seen or dropped; null for others, as are all columns down to rss_mib_up_to.';
COMMENT ON COLUMN codeio.stage_run_tally.reason IS 'Why they were dropped.';
COMMENT ON COLUMN codeio.stage_run_tally.verdict IS 'Verdict on the answers.';
COMMENT ON COLUMN codeio.stage_run_tally.reply IS 'What became of the calls to a teacher.';
COMMENT ON COLUMN codeio.stage_run_tally.direction IS 'Direction of prompts and verdicts.';
COMMENT ON COLUMN codeio.stage_run_tally.turn IS 'Turn of responses and verdicts.';
COMMENT ON COLUMN codeio.stage_run_tally.wall_ms_up_to IS
'Pairs: the power of two that their wall-clock time in milliseconds does not exceed.';
COMMENT ON COLUMN codeio.stage_run_tally.rss_mib_up_to IS
'Programs measured: the power of two that their peak memory in MiB does not exceed.';
COMMENT ON COLUMN codeio.stage_run_tally.rows IS 'Facts.';
COMMENT ON COLUMN codeio.stage_run_tally.subjects IS
'Rows of the stage before that these facts settle: raw files, programs, prompts or responses.';
COMMENT ON COLUMN codeio.stage_run_tally.prompt_tokens IS 'Sum over teacher calls; 0 for others.';
COMMENT ON COLUMN codeio.stage_run_tally.completion_tokens IS 'Sum over teacher calls; 0 for others.';
COMMENT ON COLUMN codeio.stage_run_tally.cost_usd IS
'Sum over teacher calls with a known price; null when none has one.';
COMMENT ON COLUMN codeio.stage_run_tally.updated_at IS 'When the last of them was written.';

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
COMMENT ON TABLE codeio.sample_facet IS
'What samples are searched and filtered by; kept by a trigger on codeio.sample.';
COMMENT ON COLUMN codeio.sample_facet.sample_id IS 'The sample.';
COMMENT ON COLUMN codeio.sample_facet.direction IS 'What was to be predicted.';
COMMENT ON COLUMN codeio.sample_facet.verdict_1 IS 'Verdict on the first answer.';
COMMENT ON COLUMN codeio.sample_facet.verdict_2 IS 'Verdict on the revision; empty when there was none.';
COMMENT ON COLUMN codeio.sample_facet.drop_reason IS
'Why there was no revision of a wrong answer; empty when nothing was dropped.';
COMMENT ON COLUMN codeio.sample_facet.teacher_id IS 'Who gave the first answer.';
COMMENT ON COLUMN codeio.sample_facet.source_id IS 'Where its file was seen; the first by name when in several places.';
COMMENT ON COLUMN codeio.sample_facet.program_id IS 'The program it asks about.';
COMMENT ON COLUMN codeio.sample_facet.problem IS 'Beginning of the problem statement.';
COMMENT ON COLUMN codeio.sample_facet.source_path IS 'Path of the file in its source.';
COMMENT ON COLUMN codeio.sample_facet.licence IS 'Licence of the file.';
COMMENT ON COLUMN codeio.sample_facet.words IS 'Words of path, entry point and problem statement, for the search.';

-- Several teachers side by side: what they drop, write and may answer is known of each.

ALTER TABLE codeio.drop_record
ADD COLUMN teacher_id uuid CONSTRAINT drop_record_teacher_fk REFERENCES codeio.teacher,
DROP CONSTRAINT drop_record_once,
ADD CONSTRAINT drop_record_once UNIQUE NULLS NOT DISTINCT (stage, subject_id, teacher_id);
COMMENT ON COLUMN codeio.drop_record.teacher_id IS
'The teacher that it is dropped for, of stages that ask one; for others nothing is. Null for other stages.';
COMMENT ON COLUMN codeio.drop_record.drop_record_id IS 'Derived from stage, subject and teacher.';

ALTER TABLE codeio.requeued_drop
ADD COLUMN teacher_id uuid CONSTRAINT requeued_drop_teacher_fk REFERENCES codeio.teacher;
COMMENT ON COLUMN codeio.requeued_drop.teacher_id IS
'The teacher that it was dropped for; null for stages that ask none.';

-- Until now a row was asked of one teacher alone: the one of the call, or else of the answer.
UPDATE codeio.drop_record SET teacher_id = asked.teacher_id
FROM codeio.teacher_call AS asked
WHERE asked.subject_id = drop_record.subject_id AND asked.purpose = drop_record.stage
    AND asked.stage_run_id = drop_record.stage_run_id AND asked.outcome <> 'referred';
UPDATE codeio.drop_record SET teacher_id = asked.teacher_id
FROM codeio.teacher_call AS asked
WHERE drop_record.teacher_id IS NULL AND drop_record.stage IN ('transform', 'answer')
    AND asked.subject_id = drop_record.subject_id AND asked.purpose = drop_record.stage
    AND asked.outcome <> 'referred';
UPDATE codeio.drop_record SET teacher_id = response.teacher_id
FROM codeio.response
WHERE drop_record.teacher_id IS NULL AND drop_record.stage = 'revise'
    AND response.prompt_id = drop_record.subject_id;

CREATE INDEX response_teacher ON codeio.response (teacher_id);

CREATE TABLE codeio.answering_teacher (
    teacher_id uuid CONSTRAINT answering_teacher_pk PRIMARY KEY,
    since timestamptz NOT NULL,
    planned_at timestamptz NOT NULL,
    left_out bigint NOT NULL
);
COMMENT ON TABLE codeio.answering_teacher IS
'Teachers that were to answer prompts: since when, and what the last plan left out.';
COMMENT ON COLUMN codeio.answering_teacher.teacher_id IS
'The teacher; of one that never answered there is no other row.';
COMMENT ON COLUMN codeio.answering_teacher.since IS
'When the first run began in which it was to answer: prompts made later are new to it.';
COMMENT ON COLUMN codeio.answering_teacher.planned_at IS
'When its work was last planned; the teacher of the latest plan is the current one.';
COMMENT ON COLUMN codeio.answering_teacher.left_out IS
'Prompts, neither answered nor dropped by it, that the last plan did not ask it: by the scope, or retired.';

ALTER TABLE codeio.stage_run_tally
ADD COLUMN teacher_id uuid CONSTRAINT stage_run_tally_teacher_fk REFERENCES codeio.teacher,
DROP CONSTRAINT stage_run_tally_once,
ADD CONSTRAINT stage_run_tally_once UNIQUE NULLS NOT DISTINCT (
    stage_run_id, stage, outcome, source_id, teacher_id, reason, verdict, reply, direction, turn,
    wall_ms_up_to, rss_mib_up_to
);
COMMENT ON COLUMN codeio.stage_run_tally.teacher_id IS
'The teacher, of calls, responses, verdicts and drops of stages that ask one.';
COMMENT ON COLUMN codeio.stage_run_tally.source_id IS
'The source, of origins seen or dropped; null for others, as are the columns from teacher_id and reason to '
'rss_mib_up_to where they do not apply.';
-- A stage run asked one teacher, or in mixed mode two for programs.
UPDATE codeio.stage_run_tally SET teacher_id = asked.teacher_id
FROM (
    SELECT teacher_call.stage_run_id, teacher_call.purpose AS stage,
        min(teacher_call.teacher_id::text)::uuid AS teacher_id
    FROM codeio.teacher_call
    GROUP BY teacher_call.stage_run_id, teacher_call.purpose
    HAVING count(DISTINCT teacher_call.teacher_id) = 1
    UNION ALL
    SELECT verdict.stage_run_id, 'verify' AS stage, min(response.teacher_id::text)::uuid AS teacher_id
    FROM codeio.verdict INNER JOIN codeio.response USING (response_id)
    GROUP BY verdict.stage_run_id
    HAVING count(DISTINCT response.teacher_id) = 1
) AS asked
WHERE asked.stage_run_id = stage_run_tally.stage_run_id AND asked.stage = stage_run_tally.stage;

ALTER TABLE codeio.release ADD COLUMN teachers json NOT NULL DEFAULT '[]';
COMMENT ON COLUMN codeio.release.teachers IS
'Whom its recipe chose for the answers when it was assembled: [{"id", "name", "share"}], by share of the samples.';
-- Of releases published before version 0.2.0 nobody knows the manifest: the check must not stop their update.
ALTER TABLE codeio.release DROP CONSTRAINT IF EXISTS release_published;
-- A release was to be by one kind of teacher: it chose the teachers of the kind that most samples are by.
UPDATE codeio.release SET teachers = chosen.teachers
FROM (
    WITH written AS (
        SELECT release_sample.release_id, teacher.teacher_id, teacher.kind, count(*) AS samples,
            CASE teacher.kind WHEN 'offline-trace' THEN 'offline teacher'
                ELSE teacher.model || ' at ' || teacher.endpoint_host
            END AS name
        FROM codeio.release_sample
        INNER JOIN codeio.sample USING (sample_id)
        INNER JOIN codeio.verdict ON verdict.verdict_id = sample.first_verdict_id
        INNER JOIN codeio.response USING (response_id)
        INNER JOIN codeio.teacher USING (teacher_id)
        GROUP BY release_sample.release_id, teacher.teacher_id
    ),
    most AS (
        SELECT DISTINCT ON (kinds.release_id) kinds.release_id, kinds.kind, kinds.samples
        FROM (
            SELECT written.release_id, written.kind, sum(written.samples) AS samples
            FROM written GROUP BY written.release_id, written.kind
        ) AS kinds
        ORDER BY kinds.release_id, kinds.samples DESC, kinds.kind
    )
    SELECT most.release_id, json_agg(
        json_build_object(
            'id', written.teacher_id, 'name', written.name, 'share', round(written.samples / most.samples, 6)
        ) ORDER BY written.samples DESC, written.teacher_id
    ) AS teachers
    FROM most INNER JOIN written USING (release_id, kind)
    GROUP BY most.release_id
) AS chosen
WHERE chosen.release_id = release.release_id;
ALTER TABLE codeio.release ADD CONSTRAINT release_published CHECK (
    CASE status
        WHEN 'published' THEN
            uri = 's3://' || split_part(uri, '/', 3) || '/releases/' || name || '/' || version::text || '/'
            AND manifest_sha256 ~ '^[0-9a-f]{64}$' AND published_at IS NOT NULL
        ELSE uri = '' AND manifest_sha256 = '' AND published_at IS NULL
    END
) NOT VALID;
DO $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM codeio.release WHERE release.status = 'published' AND release.manifest_sha256 = ''
    ) THEN
        ALTER TABLE codeio.release VALIDATE CONSTRAINT release_published;
    END IF;
END $$;

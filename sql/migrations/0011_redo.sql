-- Redo what is stale: checks of pairs in another image, successors of programs and prompts. See docs/decisions/0041.

CREATE TABLE codeio.pair_check (
    pair_check_id uuid CONSTRAINT pair_check_pk PRIMARY KEY,
    io_pair_id uuid NOT NULL CONSTRAINT pair_check_io_pair_fk REFERENCES codeio.io_pair,
    sandbox_image_digest text NOT NULL,
    outcome text NOT NULL,
    holds boolean NOT NULL,
    checked_at timestamptz NOT NULL DEFAULT now(),
    stage_run_id uuid NOT NULL CONSTRAINT pair_check_stage_run_fk REFERENCES codeio.stage_run,
    CONSTRAINT pair_check_once UNIQUE (io_pair_id, sandbox_image_digest)
);
COMMENT ON TABLE codeio.pair_check IS 'A pair run again in another sandbox image than the one that drew it.';
COMMENT ON COLUMN codeio.pair_check.pair_check_id IS 'Derived from pair and image.';
COMMENT ON COLUMN codeio.pair_check.io_pair_id IS 'The pair.';
COMMENT ON COLUMN codeio.pair_check.sandbox_image_digest IS 'Digest of the image that ran it again.';
COMMENT ON COLUMN codeio.pair_check.outcome IS 'same_output, other_output, or what became of the call.';
COMMENT ON COLUMN codeio.pair_check.holds IS 'Whether the output is the stored one.';
COMMENT ON COLUMN codeio.pair_check.checked_at IS 'When.';
COMMENT ON COLUMN codeio.pair_check.stage_run_id IS 'Who wrote it.';

CREATE VIEW codeio.refuted_pair AS
SELECT latest.io_pair_id, latest.sandbox_image_digest, latest.outcome, latest.checked_at
FROM (
    SELECT DISTINCT ON (pair_check.io_pair_id) pair_check.*
    FROM codeio.pair_check
    ORDER BY pair_check.io_pair_id, pair_check.checked_at DESC, pair_check.pair_check_id
) AS latest
WHERE NOT latest.holds;
COMMENT ON VIEW codeio.refuted_pair IS 'Pairs whose latest check gave another output: nothing more is asked about them, and their samples are in no later release.';

-- A response may be judged again by the same verifier in another image; the id tells the two apart.
ALTER TABLE codeio.verdict DROP CONSTRAINT verdict_once;
CREATE INDEX verdict_response ON codeio.verdict (response_id, verifier_version);
COMMENT ON COLUMN codeio.verdict.verdict_id IS 'Derived from response, verifier version and sandbox image.';

CREATE VIEW codeio.replaced_program AS
SELECT program.program_id
FROM codeio.program
INNER JOIN codeio.stage_run ON stage_run.stage_run_id = program.stage_run_id
WHERE EXISTS (
    SELECT FROM codeio.program AS newer
    INNER JOIN codeio.stage_run AS newer_run ON newer_run.stage_run_id = newer.stage_run_id
    WHERE newer.raw_file_id = program.raw_file_id AND newer.program_id <> program.program_id
        AND newer_run.started_at > stage_run.started_at
        AND NOT EXISTS (
            SELECT FROM codeio.drop_record
            WHERE drop_record.stage IN ('dedup', 'sample') AND drop_record.subject_id = newer.program_id
        )
);
COMMENT ON VIEW codeio.replaced_program IS 'Programs whose file was transformed again to a later program that was not dropped.';

CREATE VIEW codeio.retired_prompt AS
SELECT prompt.prompt_id
FROM codeio.prompt INNER JOIN codeio.refuted_pair USING (io_pair_id)
UNION ALL
SELECT prompt.prompt_id
FROM codeio.prompt
INNER JOIN codeio.io_pair USING (io_pair_id)
INNER JOIN codeio.replaced_program USING (program_id)
UNION ALL
SELECT prompt.prompt_id
FROM codeio.prompt
INNER JOIN codeio.stage_run ON stage_run.stage_run_id = prompt.stage_run_id
INNER JOIN codeio.prompt AS newer ON newer.io_pair_id = prompt.io_pair_id AND newer.direction = prompt.direction
INNER JOIN codeio.stage_run AS newer_run ON newer_run.stage_run_id = newer.stage_run_id
WHERE newer_run.started_at > stage_run.started_at;
COMMENT ON VIEW codeio.retired_prompt IS 'Prompts about which no teacher is asked any more: of a refuted pair, of a replaced program, or asked anew by a later template. One may stand here twice.';

CREATE OR REPLACE VIEW codeio.pending_sample AS
SELECT program.program_id, program.language, program.entry_point, program.main_function, program.input_generator
FROM codeio.program
WHERE NOT EXISTS (
    SELECT FROM codeio.io_pair WHERE io_pair.program_id = program.program_id
) AND NOT EXISTS (
    SELECT FROM codeio.drop_record
    WHERE drop_record.stage IN ('dedup', 'sample') AND drop_record.subject_id = program.program_id
) AND NOT EXISTS (
    SELECT FROM codeio.replaced_program WHERE replaced_program.program_id = program.program_id
);

CREATE OR REPLACE VIEW codeio.pending_answer AS
SELECT prompt.prompt_id, prompt.body, prompt.template_sha256
FROM codeio.prompt
WHERE NOT EXISTS (
    SELECT FROM codeio.response WHERE response.prompt_id = prompt.prompt_id AND response.turn = 1
) AND NOT EXISTS (
    SELECT FROM codeio.drop_record
    WHERE drop_record.stage = 'answer' AND drop_record.subject_id = prompt.prompt_id
) AND NOT EXISTS (
    SELECT FROM codeio.retired_prompt WHERE retired_prompt.prompt_id = prompt.prompt_id
);

CREATE OR REPLACE VIEW codeio.pending_revise AS
SELECT first.prompt_id, prompt.body AS prompt_body, first.body AS response_body, first.feedback,
    prompt.direction, first.turn, first.verdict, first.teacher_id
FROM codeio.current_verdict AS first
INNER JOIN codeio.prompt USING (prompt_id)
WHERE first.turn = 1 AND first.verdict <> 'correct' AND NOT EXISTS (
    SELECT FROM codeio.response WHERE response.prompt_id = first.prompt_id AND response.turn = 2
) AND NOT EXISTS (
    SELECT FROM codeio.drop_record
    WHERE drop_record.stage = 'revise' AND drop_record.subject_id = first.prompt_id
) AND NOT EXISTS (
    SELECT FROM codeio.retired_prompt WHERE retired_prompt.prompt_id = first.prompt_id
);

CREATE OR REPLACE VIEW codeio.pending_further_revision AS
SELECT latest.prompt_id, prompt.body AS prompt_body, prompt.direction, latest.turn, latest.verdict, latest.teacher_id
FROM codeio.current_verdict AS latest
INNER JOIN codeio.prompt USING (prompt_id)
WHERE latest.turn > 1 AND latest.verdict <> 'correct' AND NOT EXISTS (
    SELECT FROM codeio.response
    WHERE response.prompt_id = latest.prompt_id AND response.turn > latest.turn
) AND NOT EXISTS (
    SELECT FROM codeio.drop_record
    WHERE drop_record.stage = 'revise' AND drop_record.subject_id = latest.prompt_id
) AND NOT EXISTS (
    SELECT FROM codeio.retired_prompt WHERE retired_prompt.prompt_id = latest.prompt_id
);

CREATE OR REPLACE VIEW codeio.finished_conversation AS
SELECT finished.prompt_id, finished.program_id, finished.first_verdict_id, finished.second_verdict_id
FROM (
    SELECT prompt.prompt_id, io_pair.program_id, first.verdict_id AS first_verdict_id, second.verdict_id AS second_verdict_id,
        rank() OVER (PARTITION BY program.raw_file_id ORDER BY program_run.started_at DESC, program.program_id) AS program_rank,
        rank() OVER (PARTITION BY prompt.io_pair_id, prompt.direction ORDER BY prompt_run.started_at DESC, prompt.prompt_id) AS prompt_rank
    FROM codeio.prompt
    INNER JOIN codeio.io_pair USING (io_pair_id)
    INNER JOIN codeio.program USING (program_id)
    INNER JOIN codeio.stage_run AS program_run ON program_run.stage_run_id = program.stage_run_id
    INNER JOIN codeio.stage_run AS prompt_run ON prompt_run.stage_run_id = prompt.stage_run_id
    INNER JOIN codeio.current_verdict AS first ON first.prompt_id = prompt.prompt_id AND first.turn = 1
    LEFT JOIN codeio.current_verdict AS second ON second.prompt_id = prompt.prompt_id AND second.turn = 2
    WHERE (first.verdict = 'correct' OR second.verdict_id IS NOT NULL OR EXISTS (
        SELECT FROM codeio.drop_record
        WHERE drop_record.stage = 'revise' AND drop_record.subject_id = prompt.prompt_id
    )) AND NOT EXISTS (
        SELECT FROM codeio.quarantined_file WHERE quarantined_file.raw_file_id = program.raw_file_id
    ) AND NOT EXISTS (
        SELECT FROM codeio.refuted_pair WHERE refuted_pair.io_pair_id = prompt.io_pair_id
    )
) AS finished
WHERE finished.program_rank = 1 AND finished.prompt_rank = 1;
COMMENT ON VIEW codeio.finished_conversation IS
'Complete conversations (answered rightly, or revised once) in force: of the programs of a file and the prompts about a pair the latest finished; no file in quarantine, no refuted pair.';

CREATE OR REPLACE FUNCTION codeio.stale_rows(current_image text, current_verifier text, current_templates text[])
RETURNS TABLE (kind text, id uuid, cause text, made_with text)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT 'program' AS kind, program.program_id AS id, 'template' AS cause, teacher_call.template_sha256 AS made_with
    FROM codeio.program INNER JOIN codeio.teacher_call USING (teacher_call_id)
    WHERE teacher_call.template_sha256 <> all(current_templates) AND NOT EXISTS (
        SELECT FROM codeio.teacher_call AS later
        WHERE later.purpose = 'transform' AND later.subject_id = program.raw_file_id
            AND later.template_sha256 = any(current_templates) AND later.outcome NOT IN ('unavailable', 'referred')
    ) AND NOT EXISTS (
        SELECT FROM codeio.drop_record
        WHERE drop_record.stage IN ('dedup', 'screen', 'sample') AND drop_record.subject_id IN (program.raw_file_id, program.program_id)
    ) AND NOT EXISTS (SELECT FROM codeio.replaced_program WHERE replaced_program.program_id = program.program_id)
    UNION ALL
    SELECT 'prompt' AS kind, prompt.prompt_id AS id, 'template' AS cause, prompt.template_sha256 AS made_with
    FROM codeio.prompt
    WHERE prompt.template_sha256 <> all(current_templates)
        AND NOT EXISTS (SELECT FROM codeio.retired_prompt WHERE retired_prompt.prompt_id = prompt.prompt_id)
    UNION ALL
    SELECT 'io_pair' AS kind, io_pair.io_pair_id AS id, 'image' AS cause, stage_run.sandbox_image_digest AS made_with
    FROM codeio.io_pair INNER JOIN codeio.stage_run USING (stage_run_id)
    WHERE stage_run.sandbox_image_digest IS DISTINCT FROM current_image AND NOT EXISTS (
        SELECT FROM codeio.pair_check
        WHERE pair_check.io_pair_id = io_pair.io_pair_id AND pair_check.sandbox_image_digest = current_image
    ) AND NOT EXISTS (SELECT FROM codeio.replaced_program WHERE replaced_program.program_id = io_pair.program_id)
    UNION ALL
    SELECT 'verdict' AS kind, current_verdict.verdict_id AS id, 'verifier' AS cause, current_verdict.verifier_version AS made_with
    FROM codeio.current_verdict WHERE current_verdict.verifier_version <> current_verifier
    UNION ALL
    SELECT 'verdict' AS kind, current_verdict.verdict_id AS id, 'image' AS cause, stage_run.sandbox_image_digest AS made_with
    FROM codeio.current_verdict
    INNER JOIN codeio.verdict USING (verdict_id)
    INNER JOIN codeio.stage_run ON stage_run.stage_run_id = verdict.stage_run_id
    INNER JOIN codeio.prompt ON prompt.prompt_id = current_verdict.prompt_id
    WHERE prompt.direction = 'input' AND verdict.verdict NOT IN ('no_json', 'not_object', 'field_missing')
        AND stage_run.sandbox_image_digest IS DISTINCT FROM current_image
        AND NOT EXISTS (SELECT FROM codeio.retired_prompt WHERE retired_prompt.prompt_id = prompt.prompt_id);
END;
COMMENT ON FUNCTION codeio.stale_rows(text, text, text[]) IS
'Rows in force that were made with another sandbox image, verifier version or prompt template than those given, and not redone since. The verdict on a predicted output depends on no image.';

GRANT SELECT, INSERT ON codeio.pair_check TO codeio_app;
GRANT SELECT ON codeio.pair_check TO codeio_auditor;
GRANT SELECT ON codeio.refuted_pair, codeio.replaced_program, codeio.retired_prompt TO codeio_app, codeio_auditor;

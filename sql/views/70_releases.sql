-- What a release may take, what is known of releases by now, what differs between them, and what they cost.

CREATE FUNCTION codeio.sample_id_of(prompt_id uuid, first_verdict_id uuid, second_verdict_id uuid) RETURNS uuid
LANGUAGE sql IMMUTABLE
RETURN (
    SELECT cast(
        left(hashed.hex, 12) || '8' || substr(hashed.hex, 14, 3)
        || translate(substr(hashed.hex, 17, 1), '0123456789abcdef', '89ab89ab89ab89ab')
        || substr(hashed.hex, 18, 15) AS uuid
    )
    FROM encode(sha256(convert_to(
        '["sample","' || prompt_id || '","' || first_verdict_id || '",'
        || coalesce('"' || second_verdict_id || '"', 'null') || ']', 'UTF8'
    )), 'hex') AS hashed (hex)
);
COMMENT ON FUNCTION codeio.sample_id_of(uuid, uuid, uuid) IS
'The id of the sample that a conversation is: derived from prompt and verdicts as every id is from its parts.';

CREATE VIEW codeio.offered_conversation AS
SELECT finished.prompt_id, finished.teacher_id, finished.transformer_id, finished.program_id, finished.raw_file_id,
    finished.program_made_at, finished.first_verdict_id, finished.second_verdict_id, question_number.question,
    prompt.direction, first_verdict.verdict AS verdict_1, second_verdict.verdict AS verdict_2,
    length(program.main_function) AS code_chars, length(first_response.body) AS answer_chars,
    coalesce(file_shown.source_kind || ':' || codeio.released_name(file_shown.source_locator), '') AS source,
    coalesce(file_shown.source_kind, '') AS source_kind,
    coalesce(codeio.released_name(file_shown.source_locator), '') AS source_locator,
    coalesce(file_shown.version, '') AS source_version, coalesce(file_shown.path, '') AS source_path,
    coalesce(file_shown.repository, '') AS repository,
    coalesce(file_shown.licence, '') AS licence, program.language, codeio.night_of(file_run) AS night,
    program_in_force.program_id IS NOT NULL AS present,
    quarantined_file.reason AS quarantine, quarantined_file.detail AS quarantine_detail
FROM codeio.complete_conversation AS finished
INNER JOIN codeio.prompt USING (prompt_id)
INNER JOIN codeio.question_number USING (prompt_id)
INNER JOIN codeio.program ON program.program_id = finished.program_id
INNER JOIN codeio.raw_file ON raw_file.raw_file_id = finished.raw_file_id
INNER JOIN codeio.stage_run AS file_run ON file_run.stage_run_id = raw_file.stage_run_id
INNER JOIN codeio.verdict AS first_verdict ON first_verdict.verdict_id = finished.first_verdict_id
INNER JOIN codeio.response AS first_response ON first_response.response_id = first_verdict.response_id
LEFT JOIN codeio.verdict AS second_verdict ON second_verdict.verdict_id = finished.second_verdict_id
LEFT JOIN codeio.file_shown ON file_shown.raw_file_id = finished.raw_file_id
LEFT JOIN codeio.program_in_force ON program_in_force.program_id = finished.program_id
LEFT JOIN codeio.quarantined_file ON quarantined_file.raw_file_id = finished.raw_file_id
WHERE NOT EXISTS (
    SELECT FROM codeio.drop_record
    WHERE drop_record.stage = 'release' AND drop_record.subject_id = finished.program_id
) AND finished.raw_file_id NOT IN (SELECT taken_down_file.raw_file_id FROM codeio.taken_down_file);
COMMENT ON VIEW codeio.offered_conversation IS
'Complete conversations that a recipe may take, with all that it chooses by: none of files that were taken down, none '
'of programs that were dropped before promotion.';
COMMENT ON COLUMN codeio.offered_conversation.raw_file_id IS 'The file that the program was made of.';
COMMENT ON COLUMN codeio.offered_conversation.program_id IS 'The program it asks about.';
COMMENT ON COLUMN codeio.offered_conversation.teacher_id IS 'Who answered, in both turns.';
COMMENT ON COLUMN codeio.offered_conversation.first_verdict_id IS
'Verdict on the first answer, which names the answer.';
COMMENT ON COLUMN codeio.offered_conversation.second_verdict_id IS
'Verdict on the revision; null when there was none.';
COMMENT ON COLUMN codeio.offered_conversation.verdict_1 IS 'Verdict on the first answer.';
COMMENT ON COLUMN codeio.offered_conversation.verdict_2 IS 'Verdict on the revision; null when there was none.';
COMMENT ON COLUMN codeio.offered_conversation.code_chars IS 'Length of the program.';
COMMENT ON COLUMN codeio.offered_conversation.answer_chars IS 'Length of the first answer.';
COMMENT ON COLUMN codeio.offered_conversation.source IS
'Source of the file as kind:name; of a path on this machine the name is what releases have for it.';
COMMENT ON COLUMN codeio.offered_conversation.source_kind IS 'Reader of the source.';
COMMENT ON COLUMN codeio.offered_conversation.source_locator IS
'URL or package of the source; of a path on this machine, the name that stands for it.';
COMMENT ON COLUMN codeio.offered_conversation.source_version IS
'Version of the source, such as that of a package; may be empty.';
COMMENT ON COLUMN codeio.offered_conversation.source_path IS 'Path of the file in its source.';
COMMENT ON COLUMN codeio.offered_conversation.repository IS 'Repository of the file; empty when none is known.';
COMMENT ON COLUMN codeio.offered_conversation.licence IS
'Licences of the places where its file is seen, joined by AND.';
COMMENT ON COLUMN codeio.offered_conversation.language IS 'Language of the program.';
COMMENT ON COLUMN codeio.offered_conversation.night IS 'First night on which the file was seen.';
COMMENT ON COLUMN codeio.offered_conversation.present IS 'Whether a source shows the file now, and it is in force.';
COMMENT ON COLUMN codeio.offered_conversation.quarantine IS
'Why its file is in quarantine, so that no release holds it; null when it is not.';
COMMENT ON COLUMN codeio.offered_conversation.quarantine_detail IS 'What was found.';

CREATE VIEW codeio.release_flaw AS
WITH named (release_id, sample_id, flaw) AS (
    SELECT release_sample.release_id, release_sample.sample_id, 'leak'
    FROM codeio.leak
    INNER JOIN codeio.io_pair USING (program_id)
    INNER JOIN codeio.prompt USING (io_pair_id)
    INNER JOIN codeio.sample USING (prompt_id)
    INNER JOIN codeio.release_sample USING (sample_id)
    UNION
    SELECT release_sample.release_id, release_sample.sample_id, 'takedown'
    FROM codeio.taken_down_file
    INNER JOIN codeio.program USING (raw_file_id)
    INNER JOIN codeio.io_pair USING (program_id)
    INNER JOIN codeio.prompt USING (io_pair_id)
    INNER JOIN codeio.sample USING (prompt_id)
    INNER JOIN codeio.release_sample USING (sample_id)
)
SELECT release.release_id, count(*) FILTER (WHERE named.flaw = 'leak') AS leaks,
    count(*) FILTER (WHERE named.flaw = 'takedown') AS taken_down
FROM codeio.release
LEFT JOIN named USING (release_id)
GROUP BY release.release_id;
COMMENT ON VIEW codeio.release_flaw IS
'What is known by now of the samples of a release, also of one published before.';
COMMENT ON COLUMN codeio.release_flaw.release_id IS 'The release.';
COMMENT ON COLUMN codeio.release_flaw.leaks IS 'Samples that leak a benchmark in use.';
COMMENT ON COLUMN codeio.release_flaw.taken_down IS 'Samples of files that were taken down.';

CREATE VIEW codeio.release_change AS
SELECT older.release_id AS old_release_id, newer.release_id AS new_release_id,
    coalesce(old_sample.sample_id, new_sample.sample_id) AS sample_id,
    CASE num_nulls(old_sample.sample_id) - num_nulls(new_sample.sample_id)
        WHEN 1 THEN 'added' WHEN -1 THEN 'removed' ELSE 'moved'
    END AS change,
    old_sample.split AS old_split, new_sample.split AS new_split
FROM codeio.release AS older
INNER JOIN codeio.release AS newer ON newer.release_id <> older.release_id
CROSS JOIN LATERAL (
    SELECT codeio.release_sample.sample_id FROM codeio.release_sample
    WHERE release_sample.release_id IN (older.release_id, newer.release_id)
    GROUP BY release_sample.sample_id
) AS either
LEFT JOIN codeio.release_sample AS old_sample
    ON old_sample.release_id = older.release_id AND old_sample.sample_id = either.sample_id
LEFT JOIN codeio.release_sample AS new_sample
    ON new_sample.release_id = newer.release_id AND new_sample.sample_id = either.sample_id
WHERE old_sample.split IS DISTINCT FROM new_sample.split;
COMMENT ON VIEW codeio.release_change IS
'Samples that were added, removed or moved to another split from one release to another; give both ids.';
COMMENT ON COLUMN codeio.release_change.old_release_id IS 'The release before; give one.';
COMMENT ON COLUMN codeio.release_change.new_release_id IS 'The release after; give one.';
COMMENT ON COLUMN codeio.release_change.change IS 'added, removed, or moved to another split.';
COMMENT ON COLUMN codeio.release_change.old_split IS 'Split in the release before; null when added.';
COMMENT ON COLUMN codeio.release_change.new_split IS 'Split in the release after; null when removed.';

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
COMMENT ON VIEW codeio.release_cost IS
'Teacher calls whose replies stand in a release, by purpose, with tokens and US dollars; calls of replies that were '
'dropped are not among them.';
COMMENT ON COLUMN codeio.release_cost.calls IS 'Calls.';
COMMENT ON COLUMN codeio.release_cost.unpriced_calls IS
'Calls of a model whose price is not known; they are not in the cost.';

CREATE FUNCTION codeio.refuse_hard_override() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM codeio.gate_result
        WHERE gate_result.gate_result_id = NEW.gate_result_id AND gate_result.severity = 'hard'
    ) THEN
        RAISE EXCEPTION 'a hard gate cannot be overridden' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
COMMENT ON FUNCTION codeio.refuse_hard_override() IS 'Keeps overrides of hard gates out, whoever inserts them.';
CREATE TRIGGER gate_override_soft_only BEFORE INSERT ON codeio.gate_override
FOR EACH ROW EXECUTE FUNCTION codeio.refuse_hard_override();

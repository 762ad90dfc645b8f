-- From samples up to their sources, and down.

CREATE FUNCTION codeio.licence_of_all(licences text[]) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN CASE
    WHEN cardinality(licences) = 1 THEN licences[1]
    ELSE (
        SELECT string_agg(DISTINCT CASE
            WHEN stated.licence IN ('', 'NOASSERTION') THEN 'LicenseRef-unknown'
            WHEN stated.licence LIKE '% %' THEN '(' || stated.licence || ')'
            ELSE stated.licence
        END COLLATE "C", ' AND ')
        FROM unnest(licences) AS stated (licence)
    )
END;
COMMENT ON FUNCTION codeio.licence_of_all(text[]) IS
'The SPDX expression of a file that was seen under each of these distinct licences: all of them, joined by AND.';

CREATE VIEW codeio.origin_judged AS
SELECT seen.raw_file_id, seen.origin_id, seen.licence
FROM (
    SELECT current_origin.raw_file_id, current_origin.origin_id, current_origin.licence,
        present_place.place_id IS NOT NULL AND other_drop.drop_record_id IS NULL AS is_present,
        bool_or(present_place.place_id IS NOT NULL AND other_drop.drop_record_id IS NULL)
            OVER (PARTITION BY current_origin.raw_file_id) AS any_is
    FROM codeio.current_origin
    LEFT JOIN codeio.present_place ON present_place.origin_id = current_origin.origin_id
    LEFT JOIN codeio.drop_record AS other_drop
        ON other_drop.stage = 'ingest' AND other_drop.subject_id = current_origin.origin_id
            AND other_drop.reason NOT IN ('duplicate', 'licence')
) AS seen
WHERE seen.is_present OR NOT seen.any_is
UNION ALL
SELECT raw_file.raw_file_id, drop_record.subject_id AS origin_id, drop_record.licence
FROM codeio.raw_file
INNER JOIN codeio.drop_record ON drop_record.content_sha256 = raw_file.blob_sha256
INNER JOIN codeio.present_place ON present_place.origin_id = drop_record.subject_id
WHERE NOT EXISTS (
    SELECT FROM codeio.raw_file_origin WHERE raw_file_origin.origin_id = drop_record.subject_id
);
COMMENT ON VIEW codeio.origin_judged IS
'The places by whose licences a file is judged: all that show it at present, but for those where it was dropped for '
'something else than its licence; of a file that none shows any more, all that ever did.';
COMMENT ON COLUMN codeio.origin_judged.raw_file_id IS 'The file.';
COMMENT ON COLUMN codeio.origin_judged.origin_id IS 'The place; one that was refused at once is in no other view.';
COMMENT ON COLUMN codeio.origin_judged.licence IS 'Its licence: an SPDX id, or NOASSERTION.';

CREATE VIEW codeio.file_licence AS
SELECT origin_judged.raw_file_id, codeio.licence_of_all(array_agg(DISTINCT origin_judged.licence)) AS licence
FROM codeio.origin_judged
GROUP BY origin_judged.raw_file_id;
COMMENT ON VIEW codeio.file_licence IS
'The licence of each raw file: those of all places by which it is judged, joined by AND.';
COMMENT ON COLUMN codeio.file_licence.licence IS 'SPDX expression.';

CREATE VIEW codeio.judged_answer AS
SELECT verdict.verdict_id, program.program_id, program.raw_file_id, program.main_function AS reference_code,
    program.problem_statement, program.io_description, io_pair.input, io_pair.output, response.body AS answer,
    verdict.feedback
FROM codeio.verdict
INNER JOIN codeio.response USING (response_id)
INNER JOIN codeio.prompt USING (prompt_id)
INNER JOIN codeio.io_pair USING (io_pair_id)
INNER JOIN codeio.program USING (program_id);
COMMENT ON VIEW codeio.judged_answer IS 'Answers with what was said of them, and what they are about.';
COMMENT ON COLUMN codeio.judged_answer.verdict_id IS 'What was said.';
COMMENT ON COLUMN codeio.judged_answer.program_id IS 'The program that was asked about.';
COMMENT ON COLUMN codeio.judged_answer.raw_file_id IS 'The file that it was made of.';
COMMENT ON COLUMN codeio.judged_answer.reference_code IS 'Its text.';
COMMENT ON COLUMN codeio.judged_answer.answer IS 'The answer, as it came.';

CREATE VIEW codeio.sample_text AS
SELECT sample.sample_id, sample.prompt_id, io_pair.program_id, io_pair.io_pair_id, program.raw_file_id,
    origin.source_kind, origin.source_locator, origin.version AS source_version, origin.path AS source_path,
    every_origin.licence,
    program.language, prompt.direction, prompt.body AS prompt, io_pair.input, io_pair.output,
    program.problem_statement, program.io_description, program.main_function AS reference_code,
    first_response.body AS turn_1, first_verdict.feedback AS feedback_1, first_verdict.verdict AS verdict_1,
    second_response.body AS turn_2, second_verdict.feedback AS feedback_2, second_verdict.verdict AS verdict_2,
    teacher.kind AS teacher_kind, codeio.released_name(teacher.model) AS teacher_model,
    program.provenance AS transform_provenance,
    first_response.provenance AS rationale_provenance, prompt.template_sha256,
    first_verdict.verifier_version, answer_run.run_id AS answer_run_id,
    pair_run.sandbox_image_digest
FROM codeio.sample
INNER JOIN codeio.prompt USING (prompt_id)
INNER JOIN codeio.io_pair USING (io_pair_id)
INNER JOIN codeio.program USING (program_id)
INNER JOIN codeio.verdict AS first_verdict ON first_verdict.verdict_id = sample.first_verdict_id
INNER JOIN codeio.response AS first_response ON first_response.response_id = first_verdict.response_id
LEFT JOIN codeio.verdict AS second_verdict ON second_verdict.verdict_id = sample.second_verdict_id
LEFT JOIN codeio.response AS second_response ON second_response.response_id = second_verdict.response_id
INNER JOIN codeio.teacher ON teacher.teacher_id = first_response.teacher_id
INNER JOIN codeio.stage_run AS answer_run ON answer_run.stage_run_id = first_response.stage_run_id
INNER JOIN codeio.stage_run AS pair_run ON pair_run.stage_run_id = io_pair.stage_run_id
CROSS JOIN LATERAL (
    SELECT source.kind AS source_kind, codeio.released_name(source.locator) AS source_locator, current_origin.version,
        current_origin.path
    FROM codeio.current_origin
    INNER JOIN codeio.source USING (source_id)
    LEFT JOIN codeio.present_place ON present_place.origin_id = current_origin.origin_id
    WHERE current_origin.raw_file_id = program.raw_file_id
    ORDER BY current_origin.passes DESC, present_place.place_id IS NULL, source.kind, source.locator,
        current_origin.version, current_origin.path
    LIMIT 1
) AS origin
CROSS JOIN LATERAL (
    SELECT codeio.licence_of_all(array_agg(DISTINCT origin_judged.licence)) AS licence
    FROM codeio.origin_judged
    WHERE origin_judged.raw_file_id = program.raw_file_id
) AS every_origin;
COMMENT ON VIEW codeio.sample_text IS
'A sample as it is released: texts, labels and where it came from. Where a file was seen in several places, the '
'first by name stands for all, of those that it may come from and that show it at present if there are any; the '
'licences of all by which it is judged are joined by AND.';
COMMENT ON COLUMN codeio.sample_text.licence IS 'Licences of the places where its file is seen, joined by AND.';
COMMENT ON COLUMN codeio.sample_text.prompt_id IS 'Its prompt.';
COMMENT ON COLUMN codeio.sample_text.program_id IS 'The program that the pair was drawn from.';
COMMENT ON COLUMN codeio.sample_text.io_pair_id IS 'The pair that the prompt asks about.';
COMMENT ON COLUMN codeio.sample_text.raw_file_id IS 'The file that the program was made of.';
COMMENT ON COLUMN codeio.sample_text.source_kind IS 'Reader of the source.';
COMMENT ON COLUMN codeio.sample_text.source_locator IS
'URL or package of the source; of a path on this machine, the name that stands for it.';
COMMENT ON COLUMN codeio.sample_text.source_version IS
'Version of the source, such as that of a package; may be empty.';
COMMENT ON COLUMN codeio.sample_text.source_path IS 'Path of the file in its source.';
COMMENT ON COLUMN codeio.sample_text.prompt IS 'Text of the prompt.';
COMMENT ON COLUMN codeio.sample_text.reference_code IS 'The program.';
COMMENT ON COLUMN codeio.sample_text.turn_1 IS 'The first answer.';
COMMENT ON COLUMN codeio.sample_text.feedback_1 IS 'What the teacher was told about it.';
COMMENT ON COLUMN codeio.sample_text.verdict_1 IS 'Verdict on it.';
COMMENT ON COLUMN codeio.sample_text.turn_2 IS 'The revision; null when there was none.';
COMMENT ON COLUMN codeio.sample_text.feedback_2 IS 'What is said about it; null when there was none.';
COMMENT ON COLUMN codeio.sample_text.verdict_2 IS 'Verdict on it; null when there was none.';
COMMENT ON COLUMN codeio.sample_text.teacher_kind IS 'Kind of the teacher that gave the first answer.';
COMMENT ON COLUMN codeio.sample_text.teacher_model IS 'Its model; of a path on this machine, the name for it.';
COMMENT ON COLUMN codeio.sample_text.transform_provenance IS
'What the teacher that wrote the program said of its work.';
COMMENT ON COLUMN codeio.sample_text.rationale_provenance IS 'What the teacher said of the first answer.';
COMMENT ON COLUMN codeio.sample_text.answer_run_id IS 'Airflow run that got the first answer.';

CREATE VIEW codeio.sample_teacher AS
SELECT sample.sample_id, response.teacher_id, response.turn
FROM codeio.sample
INNER JOIN codeio.verdict ON verdict.verdict_id IN (sample.first_verdict_id, sample.second_verdict_id)
INNER JOIN codeio.response USING (response_id);
COMMENT ON VIEW codeio.sample_teacher IS 'Who answered in each turn of a sample.';
COMMENT ON COLUMN codeio.sample_teacher.sample_id IS 'The sample.';
COMMENT ON COLUMN codeio.sample_teacher.teacher_id IS 'The teacher.';

CREATE VIEW codeio.file_shown AS
SELECT DISTINCT ON (current_origin.raw_file_id) current_origin.raw_file_id, source.source_id,
    source.kind AS source_kind, source.locator AS source_locator, current_origin.repository,
    current_origin.version, current_origin.path, file_licence.licence
FROM codeio.current_origin
INNER JOIN codeio.source USING (source_id)
INNER JOIN codeio.file_licence USING (raw_file_id)
LEFT JOIN codeio.present_place ON present_place.origin_id = current_origin.origin_id
ORDER BY current_origin.raw_file_id, current_origin.passes DESC, present_place.place_id IS NULL, source.kind,
    source.locator, current_origin.version, current_origin.path;
COMMENT ON VIEW codeio.file_shown IS
'The place that stands for a raw file in samples: of those that it may come from and that show it at present, or else '
'of all, the first by name, under the licences of all by which it is judged.';
COMMENT ON COLUMN codeio.file_shown.raw_file_id IS 'The file.';
COMMENT ON COLUMN codeio.file_shown.source_id IS 'The source.';
COMMENT ON COLUMN codeio.file_shown.source_kind IS 'Reader of the source.';
COMMENT ON COLUMN codeio.file_shown.source_locator IS 'Path, URL or package of the source.';

CREATE FUNCTION codeio.tree_at(moment timestamptz)
RETURNS TABLE (source_id uuid, place_id uuid, path text, origin_id uuid)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT newest.source_id, newest.place_id, newest.path, newest.origin_id
    FROM codeio.tree_change AS newest
    WHERE newest.changed_at <= moment AND NOT EXISTS (
        SELECT FROM codeio.tree_change AS later
        WHERE later.source_id = newest.source_id AND later.place_id = newest.place_id
            AND later.tree_change_id > newest.tree_change_id AND later.changed_at <= moment
    );
END;
COMMENT ON FUNCTION codeio.tree_at(timestamptz) IS
'What each source showed at each place at a moment; null where it showed something before.';

CREATE FUNCTION codeio.night_of(run codeio.stage_run) RETURNS text
LANGUAGE sql STABLE
RETURN coalesce(nullif(run.partition_key, ''), to_char(run.started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD'));
COMMENT ON FUNCTION codeio.night_of(codeio.stage_run) IS
'The night that a stage run belongs to; of one that names none, the day (UTC) on which it began.';

CREATE VIEW codeio.released_lineage AS
SELECT release.release_id, release.name AS release_name, release.version AS release_version,
    release.status AS release_status, release_sample.split, sample.sample_id, prompt.prompt_id, prompt.direction,
    io_pair.io_pair_id, program.program_id, program.raw_file_id, current_origin.origin_id, source.source_id,
    source.kind || ':' || source.locator AS source,
    source.kind || ':' || codeio.released_name(source.locator) AS source_name, current_origin.repository,
    current_origin.version AS source_version, current_origin.path, current_origin.licence,
    transform_teacher.model AS transform_model, transform_call.template_sha256 AS transform_template_sha256,
    answer_teacher.model AS answer_model, prompt.template_sha256 AS prompt_template_sha256,
    verdict.verifier_version, sample_run.sandbox_image_digest AS sample_image_digest,
    verify_run.sandbox_image_digest AS verify_image_digest, ingest_run.run_id AS ingest_run_id,
    ingest_run.partition_key AS ingest_partition_key, transform_run.run_id AS transform_run_id,
    sample_run.run_id AS sample_run_id, answer_run.run_id AS answer_run_id, verify_run.run_id AS verify_run_id
FROM codeio.release_sample
INNER JOIN codeio.release USING (release_id)
INNER JOIN codeio.sample USING (sample_id)
INNER JOIN codeio.prompt USING (prompt_id)
INNER JOIN codeio.io_pair USING (io_pair_id)
INNER JOIN codeio.program USING (program_id)
INNER JOIN codeio.current_origin USING (raw_file_id)
INNER JOIN codeio.source USING (source_id)
INNER JOIN codeio.teacher_call AS transform_call ON transform_call.teacher_call_id = program.teacher_call_id
INNER JOIN codeio.teacher AS transform_teacher ON transform_teacher.teacher_id = transform_call.teacher_id
INNER JOIN codeio.verdict ON verdict.verdict_id IN (sample.first_verdict_id, sample.second_verdict_id)
INNER JOIN codeio.response USING (response_id)
INNER JOIN codeio.teacher AS answer_teacher ON answer_teacher.teacher_id = response.teacher_id
INNER JOIN codeio.stage_run AS ingest_run ON ingest_run.stage_run_id = current_origin.stage_run_id
INNER JOIN codeio.stage_run AS transform_run ON transform_run.stage_run_id = program.stage_run_id
INNER JOIN codeio.stage_run AS sample_run ON sample_run.stage_run_id = io_pair.stage_run_id
INNER JOIN codeio.stage_run AS answer_run ON answer_run.stage_run_id = response.stage_run_id
INNER JOIN codeio.stage_run AS verify_run ON verify_run.stage_run_id = verdict.stage_run_id;
COMMENT ON VIEW codeio.released_lineage IS
'The way down: released samples by source, licence, file, model, template, image and run. One row for each release, '
'sample, place of its file, and answer.';
COMMENT ON COLUMN codeio.released_lineage.release_id IS 'The release.';
COMMENT ON COLUMN codeio.released_lineage.release_name IS 'Its name.';
COMMENT ON COLUMN codeio.released_lineage.release_version IS 'Its version.';
COMMENT ON COLUMN codeio.released_lineage.release_status IS 'candidate, rejected or published.';
COMMENT ON COLUMN codeio.released_lineage.sample_id IS 'The sample.';
COMMENT ON COLUMN codeio.released_lineage.prompt_id IS 'Its prompt.';
COMMENT ON COLUMN codeio.released_lineage.io_pair_id IS 'The pair that the prompt asks about.';
COMMENT ON COLUMN codeio.released_lineage.program_id IS 'The program that the pair was drawn from.';
COMMENT ON COLUMN codeio.released_lineage.raw_file_id IS 'The file that the program was made of.';
COMMENT ON COLUMN codeio.released_lineage.source_id IS 'The source in which the file was seen.';
COMMENT ON COLUMN codeio.released_lineage.source IS 'The same as kind:locator.';
COMMENT ON COLUMN codeio.released_lineage.source_name IS 'The same as the files and card of a release name it.';
COMMENT ON COLUMN codeio.released_lineage.source_version IS
'Version of the source, such as that of a package; may be empty.';
COMMENT ON COLUMN codeio.released_lineage.transform_model IS 'Model that wrote the program.';
COMMENT ON COLUMN codeio.released_lineage.transform_template_sha256 IS 'Template that asked for the program.';
COMMENT ON COLUMN codeio.released_lineage.answer_model IS 'Model that gave the answer.';
COMMENT ON COLUMN codeio.released_lineage.prompt_template_sha256 IS 'Template of the prompt.';
COMMENT ON COLUMN codeio.released_lineage.sample_image_digest IS 'Sandbox image that drew the pair.';
COMMENT ON COLUMN codeio.released_lineage.verify_image_digest IS 'Sandbox image in use when the answer was judged.';
COMMENT ON COLUMN codeio.released_lineage.ingest_run_id IS 'Airflow run that ingested the file.';
COMMENT ON COLUMN codeio.released_lineage.ingest_partition_key IS 'Night of that run.';
COMMENT ON COLUMN codeio.released_lineage.transform_run_id IS 'Airflow run that wrote the program.';
COMMENT ON COLUMN codeio.released_lineage.sample_run_id IS 'Airflow run that drew the pair.';
COMMENT ON COLUMN codeio.released_lineage.answer_run_id IS 'Airflow run that got the answer.';
COMMENT ON COLUMN codeio.released_lineage.verify_run_id IS 'Airflow run that judged the answer.';

CREATE FUNCTION codeio.lineage_of(wanted uuid)
RETURNS TABLE (
    step integer, kind text, id text, detail text, model text, template_sha256 text,
    sandbox_image_digest text, dag_id text, run_id text, task_id text, map_index integer,
    try_number integer, code_version text, started_at timestamptz
)
LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH chosen AS (
        SELECT sample.sample_id, sample.prompt_id, sample.first_verdict_id, sample.second_verdict_id,
            sample.stage_run_id
        FROM codeio.sample WHERE sample.sample_id = wanted
    ),
    asked AS (SELECT prompt.* FROM codeio.prompt INNER JOIN chosen USING (prompt_id)),
    paired AS (
        SELECT io_pair.* FROM codeio.io_pair WHERE io_pair.io_pair_id IN (SELECT asked.io_pair_id FROM asked)
    ),
    made AS (
        SELECT program.* FROM codeio.program WHERE program.program_id IN (SELECT paired.program_id FROM paired)
    ),
    judged AS (
        SELECT verdict.* FROM codeio.verdict, chosen
        WHERE verdict.verdict_id IN (chosen.first_verdict_id, chosen.second_verdict_id)
    ),
    answered AS (
        SELECT response.* FROM codeio.response WHERE response.response_id IN (SELECT judged.response_id FROM judged)
    ),
    steps (step, kind, id, detail, teacher_call_id, template_sha256, stage_run_id) AS (
        SELECT 1, 'source', raw_file_origin.source_id::text, source.kind || ':' || source.locator,
            NULL::uuid, NULL::text, raw_file_origin.stage_run_id
        FROM made INNER JOIN codeio.raw_file_origin USING (raw_file_id) INNER JOIN codeio.source USING (source_id)
        UNION ALL
        SELECT 2, 'file', current_origin.origin_id::text,
            current_origin.path || ' (version ' || current_origin.version
            || ', licence ' || current_origin.licence || ')',
            NULL, NULL, current_origin.stage_run_id
        FROM made INNER JOIN codeio.current_origin USING (raw_file_id)
        UNION ALL
        SELECT 3, 'raw_file', raw_file.raw_file_id::text, 'sha256 ' || raw_file.blob_sha256,
            NULL, NULL, raw_file.stage_run_id
        FROM made INNER JOIN codeio.raw_file USING (raw_file_id)
        UNION ALL
        SELECT 4, 'program', made.program_id::text, made.entry_point || ' in ' || made.language, made.teacher_call_id,
            teacher_call.template_sha256, made.stage_run_id
        FROM made INNER JOIN codeio.teacher_call USING (teacher_call_id)
        UNION ALL
        SELECT 5, 'io_pair', paired.io_pair_id::text, 'pair ' || paired.ordinal, NULL, NULL, paired.stage_run_id
        FROM paired
        UNION ALL
        SELECT 6, 'prompt', asked.prompt_id::text, 'predict the ' || asked.direction,
            NULL, asked.template_sha256, asked.stage_run_id
        FROM asked
        UNION ALL
        SELECT 5 + 2 * answered.turn, 'response', answered.response_id::text,
            'turn ' || answered.turn || ' by ' || codeio.teacher_name(teacher),
            answered.teacher_call_id, teacher_call.template_sha256, answered.stage_run_id
        FROM answered
        INNER JOIN codeio.teacher_call USING (teacher_call_id)
        INNER JOIN codeio.teacher ON teacher.teacher_id = answered.teacher_id
        UNION ALL
        SELECT 6 + 2 * answered.turn, 'verdict', judged.verdict_id::text,
            judged.verdict || ' (' || judged.verifier_version || ')', NULL, NULL, judged.stage_run_id
        FROM judged INNER JOIN answered USING (response_id)
        UNION ALL
        SELECT 11, 'sample', chosen.sample_id::text, '', NULL, NULL, chosen.stage_run_id FROM chosen
        UNION ALL
        SELECT 12, 'release', release.release_id::text,
            release.name || ' v' || release.version || ' ' || release.status
            || ' (' || release_sample.split || ') ' || release.uri,
            NULL, NULL, release.stage_run_id
        FROM chosen INNER JOIN codeio.release_sample USING (sample_id) INNER JOIN codeio.release USING (release_id)
    )
    SELECT steps.step, steps.kind, steps.id, steps.detail, teacher.model, steps.template_sha256,
        stage_run.sandbox_image_digest, stage_run.dag_id, stage_run.run_id, stage_run.task_id, stage_run.map_index,
        stage_run.try_number, stage_run.code_version, stage_run.started_at
    FROM steps
    INNER JOIN codeio.stage_run USING (stage_run_id)
    LEFT JOIN codeio.teacher_call USING (teacher_call_id)
    LEFT JOIN codeio.teacher ON teacher.teacher_id = teacher_call.teacher_id
    ORDER BY steps.step, steps.detail, steps.id;
END;
COMMENT ON FUNCTION codeio.lineage_of(uuid) IS
'Every step from the source to the releases of one sample, with the model, prompt template, sandbox image and run '
'of each.';

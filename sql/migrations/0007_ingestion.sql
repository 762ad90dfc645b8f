-- Sources of more kinds with settings of their own, near-duplicates, nights, retention.

ALTER TABLE codeio.source DROP CONSTRAINT source_kind;
ALTER TABLE codeio.source ADD CONSTRAINT source_kind
CHECK (kind IN ('directory', 'git', 'pypi', 'jsonl', 'parquet', 's3'));
ALTER TABLE codeio.source
ADD COLUMN settings json NOT NULL DEFAULT '{}',
ADD COLUMN removed boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN codeio.source.kind IS 'Reader: directory, git, pypi, jsonl, parquet or s3.';
COMMENT ON COLUMN codeio.source.locator IS 'Path, URL, s3:// address, or package with the versions wanted (name==version).';
COMMENT ON COLUMN codeio.source.settings IS 'What differs from the defaults: filters, columns, git history.';
COMMENT ON COLUMN codeio.source.removed IS 'Whether it was removed: it is kept because its files name it, and is never read again.';
GRANT UPDATE (settings, removed) ON codeio.source TO codeio_app;

ALTER TABLE codeio.raw_file_origin ADD COLUMN repository text NOT NULL DEFAULT '';
COMMENT ON COLUMN codeio.raw_file_origin.repository IS 'Repository or package of the file, where the source names one.';
CREATE INDEX raw_file_origin_repository ON codeio.raw_file_origin (repository);

ALTER TABLE codeio.stage_run ADD COLUMN partition_key text NOT NULL DEFAULT '';
COMMENT ON COLUMN codeio.stage_run.partition_key IS 'Night (YYYY-MM-DD, UTC) that an ingest run belongs to; empty where runs are not by night.';
CREATE INDEX stage_run_partition_key ON codeio.stage_run (partition_key);

CREATE TABLE codeio.dedup_result (
    subject_id uuid NOT NULL,
    spec text NOT NULL,
    subject_kind text NOT NULL CONSTRAINT dedup_result_kind CHECK (subject_kind IN ('raw_file', 'program')),
    code_sha256 text NOT NULL,
    shingles integer NOT NULL,
    cluster_id uuid NOT NULL,
    matched_id uuid,
    similarity double precision,
    stage_run_id uuid NOT NULL CONSTRAINT dedup_result_stage_run_fk REFERENCES codeio.stage_run,
    CONSTRAINT dedup_result_pk PRIMARY KEY (subject_id, spec),
    CONSTRAINT dedup_result_match CHECK (num_nulls(matched_id) = (cluster_id = subject_id)::integer),
    CONSTRAINT dedup_result_similarity CHECK (num_nulls(matched_id) = num_nulls(similarity))
);
CREATE INDEX dedup_result_code ON codeio.dedup_result (code_sha256, subject_kind, spec);
CREATE INDEX dedup_result_cluster ON codeio.dedup_result (cluster_id);
COMMENT ON TABLE codeio.dedup_result IS 'To which cluster of near-duplicates a raw file or program belongs. A row matches survivors only, so a cluster is a star.';
COMMENT ON COLUMN codeio.dedup_result.subject_id IS 'The raw file or program.';
COMMENT ON COLUMN codeio.dedup_result.spec IS 'Version of the signature spec (docs/decisions/0040).';
COMMENT ON COLUMN codeio.dedup_result.subject_kind IS 'raw_file or program.';
COMMENT ON COLUMN codeio.dedup_result.code_sha256 IS 'sha256 of the code without comments and spaces.';
COMMENT ON COLUMN codeio.dedup_result.shingles IS 'Distinct shingles; below 24 only code_sha256 is compared.';
COMMENT ON COLUMN codeio.dedup_result.cluster_id IS 'The survivor that stands for the cluster; its own id when it is the survivor.';
COMMENT ON COLUMN codeio.dedup_result.matched_id IS 'The survivor it matched; null when it survives.';
COMMENT ON COLUMN codeio.dedup_result.similarity IS 'Jaccard similarity of the shingles, 1 for equal code; null when it survives.';
COMMENT ON COLUMN codeio.dedup_result.stage_run_id IS 'Who wrote it.';

CREATE TABLE codeio.dedup_segment (
    segment_key text CONSTRAINT dedup_segment_pk PRIMARY KEY,
    subject_kind text NOT NULL,
    spec text NOT NULL,
    rows integer NOT NULL,
    stage_run_id uuid NOT NULL CONSTRAINT dedup_segment_stage_run_fk REFERENCES codeio.stage_run
);
COMMENT ON TABLE codeio.dedup_segment IS 'A Parquet file in S3 with the band keys of survivors. Only segments listed here count.';
COMMENT ON COLUMN codeio.dedup_segment.segment_key IS 'Key of the object in the bucket.';
COMMENT ON COLUMN codeio.dedup_segment.subject_kind IS 'raw_file or program.';
COMMENT ON COLUMN codeio.dedup_segment.spec IS 'Version of the signature spec.';
COMMENT ON COLUMN codeio.dedup_segment.rows IS 'Survivors in it.';
COMMENT ON COLUMN codeio.dedup_segment.stage_run_id IS 'Who wrote it.';

CREATE VIEW codeio.pending_dedup AS
SELECT raw_file.raw_file_id, raw_file.language, raw_file.blob_sha256
FROM codeio.raw_file
WHERE NOT EXISTS (
    SELECT FROM codeio.dedup_result WHERE dedup_result.subject_id = raw_file.raw_file_id
);
COMMENT ON VIEW codeio.pending_dedup IS 'Raw files that were not yet compared with all others.';

CREATE OR REPLACE VIEW codeio.pending_transform AS
SELECT raw_file.raw_file_id, raw_file.language, raw_file.blob_sha256
FROM codeio.raw_file
WHERE NOT EXISTS (
    SELECT FROM codeio.program WHERE program.raw_file_id = raw_file.raw_file_id
) AND NOT EXISTS (
    SELECT FROM codeio.drop_record
    WHERE drop_record.stage IN ('dedup', 'screen', 'transform') AND drop_record.subject_id = raw_file.raw_file_id
);
COMMENT ON VIEW codeio.pending_transform IS 'Raw files without a program and without a reason for having none.';

CREATE OR REPLACE VIEW codeio.pending_sample AS
SELECT program.program_id, program.language, program.entry_point, program.main_function, program.input_generator
FROM codeio.program
WHERE NOT EXISTS (
    SELECT FROM codeio.io_pair WHERE io_pair.program_id = program.program_id
) AND NOT EXISTS (
    SELECT FROM codeio.drop_record
    WHERE drop_record.stage IN ('dedup', 'sample') AND drop_record.subject_id = program.program_id
);
COMMENT ON VIEW codeio.pending_sample IS 'Programs without pairs and without a reason for having none.';

CREATE OR REPLACE VIEW codeio.funnel AS
WITH dropped AS (
    SELECT drop_record.stage, count(*) AS rows FROM codeio.drop_record GROUP BY drop_record.stage
),
done (position, stage, passed) AS (
    SELECT 1, 'ingest', count(*) FROM codeio.raw_file
    UNION ALL SELECT 2, 'dedup', count(*) FROM codeio.dedup_result WHERE dedup_result.matched_id IS null
    UNION ALL SELECT 3, 'screen', count(*) FROM codeio.raw_file
        WHERE raw_file.raw_file_id NOT IN (
            SELECT quarantined_file.raw_file_id FROM codeio.quarantined_file
            UNION ALL SELECT pending_screen.raw_file_id FROM codeio.pending_screen
        )
    UNION ALL SELECT 4, 'transform', count(*) FROM codeio.program
    UNION ALL SELECT 5, 'sample', count(DISTINCT io_pair.program_id) FROM codeio.io_pair
    UNION ALL SELECT 6, 'prompt', count(*) FROM codeio.prompt
    UNION ALL SELECT 7, 'answer', count(*) FROM codeio.response WHERE response.turn = 1
    UNION ALL SELECT 8, 'revise', count(*) FROM codeio.response WHERE response.turn = 2
    UNION ALL SELECT 9, 'verify', count(*) FROM codeio.current_verdict
    UNION ALL SELECT 10, 'release', count(*) FROM codeio.sample
),
waiting (stage, rows) AS (
    SELECT 'dedup', count(*) FROM codeio.pending_dedup
    UNION ALL SELECT 'screen', count(*) FROM codeio.pending_screen
    UNION ALL SELECT 'transform', count(*) FROM codeio.pending_transform
    UNION ALL SELECT 'sample', count(*) FROM codeio.pending_sample
    UNION ALL SELECT 'answer', count(*) FROM codeio.pending_answer
    UNION ALL SELECT 'revise', count(*) FROM codeio.pending_revise
    UNION ALL SELECT 'verify', (SELECT count(*) FROM codeio.response) - (SELECT count(*) FROM codeio.current_verdict)
)
SELECT done.position, done.stage, done.passed, coalesce(dropped.rows, 0) AS dropped, coalesce(waiting.rows, 0) AS pending
FROM done
LEFT JOIN dropped USING (stage)
LEFT JOIN waiting USING (stage);

GRANT SELECT, INSERT ON codeio.dedup_result, codeio.dedup_segment TO codeio_app;
GRANT SELECT ON codeio.dedup_result, codeio.dedup_segment, codeio.pending_dedup TO codeio_auditor;
GRANT SELECT ON codeio.pending_dedup TO codeio_app;

CREATE TABLE codeio.requeued_drop (
    requeued_drop_id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT requeued_drop_pk PRIMARY KEY,
    drop_record_id uuid NOT NULL,
    stage text NOT NULL,
    subject_id uuid NOT NULL,
    reason text NOT NULL,
    detail text NOT NULL,
    stage_run_id uuid NOT NULL CONSTRAINT requeued_drop_stage_run_fk REFERENCES codeio.stage_run,
    dropped_at timestamptz NOT NULL,
    requeued_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE codeio.requeued_drop IS 'Drops that were taken back so that their stage tries again.';
COMMENT ON COLUMN codeio.requeued_drop.requeued_drop_id IS 'Running number.';
COMMENT ON COLUMN codeio.requeued_drop.drop_record_id IS 'Id that the drop had.';
COMMENT ON COLUMN codeio.requeued_drop.stage IS 'The stage that had dropped it.';
COMMENT ON COLUMN codeio.requeued_drop.subject_id IS 'The row.';
COMMENT ON COLUMN codeio.requeued_drop.reason IS 'Why it was dropped.';
COMMENT ON COLUMN codeio.requeued_drop.detail IS 'The case in detail.';
COMMENT ON COLUMN codeio.requeued_drop.stage_run_id IS 'Who dropped it.';
COMMENT ON COLUMN codeio.requeued_drop.dropped_at IS 'When it was dropped.';
COMMENT ON COLUMN codeio.requeued_drop.requeued_at IS 'When it was taken back.';
GRANT SELECT, INSERT ON codeio.requeued_drop TO codeio_app;
GRANT SELECT ON codeio.requeued_drop TO codeio_auditor;

-- The application adds facts and deletes none; these two functions are the exceptions, with the
-- rights of the owner and no others.
CREATE FUNCTION codeio.requeue(wanted_stage text, wanted_reason text)
RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog
BEGIN ATOMIC
    WITH taken AS (
        DELETE FROM codeio.drop_record
        WHERE drop_record.stage = wanted_stage AND drop_record.reason = wanted_reason
        RETURNING drop_record.*
    ),
    kept AS (
        INSERT INTO codeio.requeued_drop (drop_record_id, stage, subject_id, reason, detail, stage_run_id, dropped_at)
        SELECT taken.drop_record_id, taken.stage, taken.subject_id, taken.reason, taken.detail, taken.stage_run_id, taken.dropped_at
        FROM taken
        RETURNING 1
    )
    SELECT count(*) FROM kept;
END;
COMMENT ON FUNCTION codeio.requeue(text, text) IS 'Moves the drops of a stage for a reason to requeued_drop, so that the stage tries again; returns how many.';

CREATE FUNCTION codeio.delete_unreferenced_blobs(before timestamptz)
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
DECLARE
    condition text;
    deleted bigint;
BEGIN
    -- Whatever table has a foreign key to blob, also one that a later migration adds.
    SELECT string_agg(format('NOT EXISTS (SELECT FROM %s AS other WHERE other.%I = blob.sha256)', con.conrelid::regclass, att.attname), ' AND ')
    INTO STRICT condition
    FROM pg_constraint AS con
    INNER JOIN pg_attribute AS att ON att.attrelid = con.conrelid AND att.attnum = con.conkey[1]
    WHERE con.contype = 'f' AND con.confrelid = 'codeio.blob'::regclass;
    EXECUTE 'DELETE FROM codeio.blob USING codeio.stage_run WHERE stage_run.stage_run_id = blob.stage_run_id '
        || 'AND stage_run.started_at < $1 AND ' || condition USING before;
    GET DIAGNOSTICS deleted = ROW_COUNT;
    RETURN deleted;
END;
$$;
COMMENT ON FUNCTION codeio.delete_unreferenced_blobs(timestamptz) IS 'Deletes the blobs of runs before a time to which no foreign key leads; returns how many.';

REVOKE ALL ON FUNCTION codeio.requeue(text, text), codeio.delete_unreferenced_blobs(timestamptz) FROM public;
GRANT EXECUTE ON FUNCTION codeio.requeue(text, text), codeio.delete_unreferenced_blobs(timestamptz) TO codeio_app;
DO $$ BEGIN EXECUTE 'GRANT MAINTAIN ON ALL TABLES IN SCHEMA codeio TO codeio_app'; END $$;

CREATE VIEW codeio.released_lineage AS
SELECT release.release_id, release.name AS release_name, release.version AS release_version, release.status AS release_status,
    release_sample.split, sample.sample_id, prompt.prompt_id, prompt.direction, io_pair.io_pair_id, program.program_id, program.raw_file_id,
    raw_file_origin.origin_id, source.source_id, source.kind || ':' || source.locator AS source, raw_file_origin.repository,
    raw_file_origin.version AS source_version, raw_file_origin.path, raw_file_origin.licence,
    transform_teacher.model AS transform_model, transform_call.template_sha256 AS transform_template_sha256,
    answer_teacher.model AS answer_model, prompt.template_sha256 AS prompt_template_sha256,
    verdict.verifier_version, sample_run.sandbox_image_digest AS sample_image_digest, verify_run.sandbox_image_digest AS verify_image_digest,
    ingest_run.run_id AS ingest_run_id, ingest_run.partition_key AS ingest_partition_key, transform_run.run_id AS transform_run_id,
    sample_run.run_id AS sample_run_id, answer_run.run_id AS answer_run_id, verify_run.run_id AS verify_run_id
FROM codeio.release_sample
INNER JOIN codeio.release USING (release_id)
INNER JOIN codeio.sample USING (sample_id)
INNER JOIN codeio.prompt USING (prompt_id)
INNER JOIN codeio.io_pair USING (io_pair_id)
INNER JOIN codeio.program USING (program_id)
INNER JOIN codeio.raw_file_origin USING (raw_file_id)
INNER JOIN codeio.source USING (source_id)
INNER JOIN codeio.teacher_call AS transform_call ON transform_call.teacher_call_id = program.teacher_call_id
INNER JOIN codeio.teacher AS transform_teacher ON transform_teacher.teacher_id = transform_call.teacher_id
INNER JOIN codeio.verdict ON verdict.verdict_id IN (sample.first_verdict_id, sample.second_verdict_id)
INNER JOIN codeio.response USING (response_id)
INNER JOIN codeio.teacher AS answer_teacher ON answer_teacher.teacher_id = response.teacher_id
INNER JOIN codeio.stage_run AS ingest_run ON ingest_run.stage_run_id = raw_file_origin.stage_run_id
INNER JOIN codeio.stage_run AS transform_run ON transform_run.stage_run_id = program.stage_run_id
INNER JOIN codeio.stage_run AS sample_run ON sample_run.stage_run_id = io_pair.stage_run_id
INNER JOIN codeio.stage_run AS answer_run ON answer_run.stage_run_id = response.stage_run_id
INNER JOIN codeio.stage_run AS verify_run ON verify_run.stage_run_id = verdict.stage_run_id;
COMMENT ON VIEW codeio.released_lineage IS 'The way down: released samples by source, licence, file, model, template, image and run. One row for each release, sample, place of its file, and answer.';

CREATE VIEW codeio.release_change AS
SELECT older.release_id AS old_release_id, newer.release_id AS new_release_id, coalesce(old_sample.sample_id, new_sample.sample_id) AS sample_id,
    CASE num_nulls(old_sample.sample_id) - num_nulls(new_sample.sample_id) WHEN 1 THEN 'added' WHEN -1 THEN 'removed' ELSE 'moved' END AS change,
    old_sample.split AS old_split, new_sample.split AS new_split
FROM codeio.release AS older
INNER JOIN codeio.release AS newer ON newer.release_id <> older.release_id
CROSS JOIN LATERAL (
    SELECT codeio.release_sample.sample_id FROM codeio.release_sample
    WHERE release_sample.release_id IN (older.release_id, newer.release_id)
    GROUP BY release_sample.sample_id
) AS either
LEFT JOIN codeio.release_sample AS old_sample ON old_sample.release_id = older.release_id AND old_sample.sample_id = either.sample_id
LEFT JOIN codeio.release_sample AS new_sample ON new_sample.release_id = newer.release_id AND new_sample.sample_id = either.sample_id
WHERE old_sample.split IS DISTINCT FROM new_sample.split;
COMMENT ON VIEW codeio.release_change IS 'Samples that were added, removed or moved to another split from one release to another; give both ids.';

CREATE FUNCTION codeio.stale_rows(current_image text, current_verifier text, current_templates text[])
RETURNS TABLE (kind text, id uuid, cause text, made_with text)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT 'program' AS kind, program.program_id AS id, 'template' AS cause, teacher_call.template_sha256 AS made_with
    FROM codeio.program INNER JOIN codeio.teacher_call USING (teacher_call_id)
    WHERE teacher_call.template_sha256 <> all(current_templates)
    UNION ALL
    SELECT 'prompt' AS kind, prompt.prompt_id AS id, 'template' AS cause, prompt.template_sha256 AS made_with
    FROM codeio.prompt WHERE prompt.template_sha256 <> all(current_templates)
    UNION ALL
    SELECT 'io_pair' AS kind, io_pair.io_pair_id AS id, 'image' AS cause, stage_run.sandbox_image_digest AS made_with
    FROM codeio.io_pair INNER JOIN codeio.stage_run USING (stage_run_id)
    WHERE stage_run.sandbox_image_digest IS DISTINCT FROM current_image
    UNION ALL
    SELECT 'verdict' AS kind, current_verdict.verdict_id AS id, 'verifier' AS cause, current_verdict.verifier_version AS made_with
    FROM codeio.current_verdict WHERE current_verdict.verifier_version <> current_verifier
    UNION ALL
    SELECT 'verdict' AS kind, current_verdict.verdict_id AS id, 'image' AS cause, stage_run.sandbox_image_digest AS made_with
    FROM codeio.current_verdict
    INNER JOIN codeio.verdict USING (verdict_id)
    INNER JOIN codeio.stage_run ON stage_run.stage_run_id = verdict.stage_run_id
    WHERE stage_run.sandbox_image_digest IS DISTINCT FROM current_image;
END;
COMMENT ON FUNCTION codeio.stale_rows(text, text, text[]) IS 'Rows that were made with another sandbox image, verifier version or prompt template than those given, with what made them.';

GRANT SELECT ON codeio.released_lineage, codeio.release_change TO codeio_app, codeio_auditor;

CREATE OR REPLACE FUNCTION codeio.origin_matches(kind text, value text, origin codeio.raw_file_origin, source codeio.source)
RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN CASE kind
    WHEN 'repository' THEN value IN (source.locator, source.kind || ':' || source.locator, split_part(source.locator, '==', 1), origin.repository)
        OR source.kind IN ('jsonl', 'parquet') AND starts_with(origin.path, value || '/')
    WHEN 'path' THEN origin.path = value OR starts_with(origin.path, rtrim(value, '/') || '/')
    WHEN 'author' THEN regexp_split_to_array(lower(origin.author), '\s*[,;<>]\s*') @> ARRAY[lower(value)]
        OR source.kind IN ('jsonl', 'parquet') AND starts_with(origin.path, value || '/')
    WHEN 'licence' THEN origin.licence = value
END;

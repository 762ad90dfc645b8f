-- The application adds facts and deletes none; these functions are the exceptions, with the
-- rights of the owner and no others.
CREATE FUNCTION codeio.take_back_drops(ids uuid[], wait boolean)
RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog
BEGIN ATOMIC
    WITH taken AS (
        DELETE FROM codeio.drop_record WHERE drop_record.drop_record_id = any(ids) RETURNING drop_record.*
    ),
    kept AS (
        INSERT INTO codeio.requeued_drop (
            drop_record_id, stage, subject_id, reason, detail, source_id, teacher_id, stage_run_id, dropped_at,
            requeued_at, waits
        )
        SELECT taken.drop_record_id, taken.stage, taken.subject_id, taken.reason, taken.detail, taken.source_id,
            taken.teacher_id, taken.stage_run_id, taken.dropped_at, clock_timestamp() AS requeued_at, wait
        FROM taken
        RETURNING 1
    )
    SELECT count(*) FROM kept;
END;
COMMENT ON FUNCTION codeio.take_back_drops(uuid[], boolean) IS
'Moves drops to requeued_drop and returns how many; the second argument says whether their stages are to judge them '
'anew.';

CREATE FUNCTION codeio.is_made_of_source(subject uuid, wanted uuid) RETURNS boolean
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT count(*) > 0
    FROM codeio.raw_file_origin
    WHERE raw_file_origin.source_id = wanted AND raw_file_origin.raw_file_id IN (
            SELECT subject
            UNION ALL
            SELECT program.raw_file_id FROM codeio.program WHERE program.program_id = subject
            UNION ALL
            SELECT program.raw_file_id
            FROM codeio.prompt
            INNER JOIN codeio.io_pair USING (io_pair_id)
            INNER JOIN codeio.program USING (program_id)
            WHERE prompt.prompt_id = subject
    );
END;
COMMENT ON FUNCTION codeio.is_made_of_source(uuid, uuid) IS
'Whether a raw file, or what the program or prompt was made of, was seen in a source.';

CREATE FUNCTION codeio.drops_to_take_back(wanted_stage text, wanted_reason text, wanted_source uuid)
RETURNS TABLE (drop_record_id uuid, source_id uuid)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT drop_record.drop_record_id, drop_record.source_id
    FROM codeio.drop_record
    WHERE drop_record.stage = wanted_stage
        AND (
            drop_record.reason = wanted_reason
            OR wanted_reason = 'refused' AND starts_with(drop_record.reason, 'refused_')
        )
        AND (
            wanted_source IS NULL OR drop_record.source_id = wanted_source
            OR codeio.is_made_of_source(drop_record.subject_id, wanted_source)
        )
        -- The same bytes are kept elsewhere, whoever asks; and a source that was removed is read no more.
        AND NOT (drop_record.stage = 'ingest' AND (drop_record.reason = 'duplicate' OR EXISTS (
            SELECT FROM codeio.source WHERE source.source_id = drop_record.source_id AND source.removed
        )))
        AND NOT (drop_record.stage = 'screen' AND drop_record.reason = 'leak' AND EXISTS (
            SELECT FROM codeio.leaking_file WHERE leaking_file.raw_file_id = drop_record.subject_id
        ));
END;
COMMENT ON FUNCTION codeio.drops_to_take_back(text, text, uuid) IS
'The drops of a stage for a reason, of one source or of all, that its stage can try again: no duplicates, and no leaks '
'of a benchmark in use. `refused` stands for every refusal of a teacher.';

CREATE FUNCTION codeio.judge_again(kind text)
RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog
BEGIN ATOMIC
    WITH ended AS (
        DELETE FROM codeio.dedup_result AS survivor
        WHERE survivor.subject_kind = kind AND survivor.matched_id IS NULL AND NOT EXISTS (
            SELECT FROM codeio.compared_subject
            WHERE compared_subject.subject_kind = kind AND compared_subject.subject_id = survivor.subject_id
        )
        RETURNING survivor.*
    )
    INSERT INTO codeio.former_dedup_result (
        subject_id, spec, subject_kind, code_sha256, shingles, cluster_id, stage_run_id
    )
    SELECT ended.subject_id, ended.spec, ended.subject_kind, ended.code_sha256, ended.shingles, ended.cluster_id,
        ended.stage_run_id
    FROM ended;

    WITH ended AS (
        DELETE FROM codeio.dedup_result AS member
        WHERE member.subject_kind = kind AND member.matched_id IS NOT NULL AND NOT EXISTS (
            SELECT FROM codeio.dedup_result AS survivor
            WHERE survivor.subject_id = member.matched_id AND survivor.spec = member.spec
                AND survivor.matched_id IS NULL
        ) AND EXISTS (
            SELECT FROM codeio.compared_subject
            WHERE compared_subject.subject_kind = kind AND compared_subject.subject_id = member.subject_id
        )
        RETURNING member.*
    ),
    taken AS (
        DELETE FROM codeio.drop_record
        USING ended
        WHERE drop_record.stage = 'dedup' AND drop_record.subject_id = ended.subject_id
        RETURNING drop_record.*
    ),
    kept AS (
        INSERT INTO codeio.requeued_drop (
            drop_record_id, stage, subject_id, reason, detail, stage_run_id, dropped_at
        )
        SELECT taken.drop_record_id, taken.stage, taken.subject_id, taken.reason, taken.detail, taken.stage_run_id,
            taken.dropped_at
        FROM taken
        RETURNING 1
    )
    INSERT INTO codeio.former_dedup_result (
        subject_id, spec, subject_kind, code_sha256, shingles, cluster_id, matched_id, similarity, stage_run_id
    )
    SELECT ended.subject_id, ended.spec, ended.subject_kind, ended.code_sha256, ended.shingles, ended.cluster_id,
        ended.matched_id, ended.similarity, ended.stage_run_id
    FROM ended;
END;
COMMENT ON FUNCTION codeio.judge_again(text) IS
'Lets dedup compare again, raw files or programs: survivors that are gone or taken down hold nobody out, and what they '
'had dropped waits, if it is present. Their results move to former_dedup_result, the drops to requeued_drop.';

CREATE FUNCTION codeio.delete_unreferenced_blobs(before timestamptz)
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
DECLARE
    condition text;
    deleted bigint;
BEGIN
    -- Whatever table has a foreign key to blob, also one that a later migration adds.
    SELECT string_agg(format(
        'NOT EXISTS (SELECT FROM %s AS other WHERE other.%I = blob.sha256)', con.conrelid::regclass, att.attname
    ), ' AND ')
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
COMMENT ON FUNCTION codeio.delete_unreferenced_blobs(timestamptz) IS
'Deletes the blobs of runs before a time to which no foreign key leads; returns how many.';

CREATE FUNCTION codeio.settle_replies(requests text[], blobs text[])
RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog
BEGIN ATOMIC
    WITH settled AS (
        UPDATE codeio.teacher_reply
        SET body = NULL, blob_sha256 = stored.blob_sha256
        FROM unnest(requests, blobs) AS stored (request_sha256, blob_sha256)
        WHERE teacher_reply.request_sha256 = stored.request_sha256 AND teacher_reply.body IS NOT NULL
        RETURNING 1
    )
    SELECT count(*) FROM settled;
END;
COMMENT ON FUNCTION codeio.settle_replies(text[], text[]) IS
'Lets blobs stand for the bodies of replies, one for each request; returns how many had a body.';

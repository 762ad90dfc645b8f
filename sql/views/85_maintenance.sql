-- The application adds facts and deletes none; these functions are the exceptions, with the
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
        INSERT INTO codeio.requeued_drop (
            drop_record_id, stage, subject_id, reason, detail, source_id, teacher_id, stage_run_id, dropped_at
        )
        SELECT taken.drop_record_id, taken.stage, taken.subject_id, taken.reason, taken.detail, taken.source_id,
            taken.teacher_id, taken.stage_run_id, taken.dropped_at
        FROM taken
        RETURNING 1
    )
    SELECT count(*) FROM kept;
END;
COMMENT ON FUNCTION codeio.requeue(text, text) IS
'Moves the drops of a stage for a reason to requeued_drop, so that the stage tries again; returns how '
'many.';

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
'Lets dedup compare again, raw files or programs: survivors that are no longer present hold nobody out, and what they '
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

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

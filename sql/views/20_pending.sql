-- What waits for each stage: rows that it neither settled nor dropped.

CREATE VIEW codeio.pending_dedup AS
SELECT askable_file.raw_file_id, askable_file.language, askable_file.blob_sha256
FROM codeio.askable_file
WHERE NOT EXISTS (
    SELECT FROM codeio.dedup_result WHERE dedup_result.subject_id = askable_file.raw_file_id
);
COMMENT ON VIEW codeio.pending_dedup IS
'Present files, not taken down, that were not yet compared with all others.';

CREATE VIEW codeio.judged_before AS
SELECT DISTINCT ON (former_dedup_result.subject_id) former_dedup_result.subject_id,
    CASE WHEN former_dedup_result.matched_id IS NULL THEN 0 ELSE 2 END AS turn
FROM codeio.former_dedup_result
ORDER BY former_dedup_result.subject_id, former_dedup_result.former_dedup_result_id DESC;
COMMENT ON VIEW codeio.judged_before IS 'Raw files and programs of which dedup said something that no longer holds.';
COMMENT ON COLUMN codeio.judged_before.turn IS
'When it is compared again: 0, before what is new, if it survived and may have been paid for; 2, after it, if not.';

CREATE VIEW codeio.pending_screen AS
SELECT raw_file.raw_file_id, raw_file.blob_sha256
FROM codeio.raw_file
WHERE (
    EXISTS (SELECT FROM codeio.present_file WHERE present_file.raw_file_id = raw_file.raw_file_id)
    OR EXISTS (SELECT FROM codeio.program WHERE program.raw_file_id = raw_file.raw_file_id)
) AND EXISTS (
    SELECT FROM codeio.benchmark
    WHERE NOT EXISTS (
        SELECT FROM codeio.leak_scan
        WHERE leak_scan.raw_file_id = raw_file.raw_file_id
            AND leak_scan.benchmark_index_id = benchmark.benchmark_index_id
    ) OR EXISTS (
        -- Its quarantine was lifted, and the benchmark is in use again.
        SELECT FROM codeio.leak_hit
        WHERE leak_hit.subject_kind = 'raw_file' AND leak_hit.subject_id = raw_file.raw_file_id AND leak_hit.leak
            AND leak_hit.benchmark_index_id = benchmark.benchmark_index_id
    )
) AND NOT EXISTS (
    SELECT FROM codeio.drop_record
    WHERE drop_record.stage = 'screen' AND drop_record.subject_id = raw_file.raw_file_id
);
COMMENT ON VIEW codeio.pending_screen IS
'Raw files, present or with a program, not yet scanned for a benchmark in use or known to leak one, and not '
'quarantined.';
COMMENT ON COLUMN codeio.pending_screen.raw_file_id IS 'The file.';

CREATE VIEW codeio.pending_transform AS
SELECT askable_file.raw_file_id, askable_file.language, askable_file.blob_sha256
FROM codeio.askable_file
WHERE NOT EXISTS (
    SELECT FROM codeio.program WHERE program.raw_file_id = askable_file.raw_file_id
) AND NOT EXISTS (
    SELECT FROM codeio.drop_record
    WHERE drop_record.stage IN ('dedup', 'screen', 'transform') AND drop_record.subject_id = askable_file.raw_file_id
);
COMMENT ON VIEW codeio.pending_transform IS
'Present files, not taken down, without a program and without a reason for having none.';
COMMENT ON COLUMN codeio.pending_transform.raw_file_id IS 'The file.';

CREATE VIEW codeio.stand_in_file AS
SELECT askable_file.raw_file_id, askable_file.language, askable_file.blob_sha256
FROM codeio.askable_file
WHERE NOT EXISTS (
    SELECT FROM codeio.teacher_call
    INNER JOIN codeio.teacher USING (teacher_id)
    WHERE teacher_call.subject_id = askable_file.raw_file_id AND teacher_call.purpose = 'transform'
        AND teacher_call.outcome <> 'unavailable' AND teacher.kind <> 'offline-trace'
) AND (
    EXISTS (SELECT FROM codeio.program WHERE program.raw_file_id = askable_file.raw_file_id)
    OR EXISTS (
        SELECT FROM codeio.drop_record
        WHERE drop_record.stage = 'transform' AND drop_record.subject_id = askable_file.raw_file_id
    )
) AND NOT EXISTS (
    SELECT FROM codeio.drop_record
    LEFT JOIN codeio.teacher USING (teacher_id)
    WHERE drop_record.subject_id = askable_file.raw_file_id AND (
        drop_record.stage IN ('dedup', 'screen')
        OR (drop_record.stage = 'transform' AND teacher.kind <> 'offline-trace')
    )
);
COMMENT ON VIEW codeio.stand_in_file IS
'Present files, not taken down, that the offline teacher transformed or refused, and that no model answered about or '
'was given up on.';
COMMENT ON COLUMN codeio.stand_in_file.raw_file_id IS 'The file.';

CREATE FUNCTION codeio.barren_file(asked uuid[])
RETURNS TABLE (raw_file_id uuid, language text, blob_sha256 text)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT askable_file.raw_file_id, askable_file.language, askable_file.blob_sha256
    FROM codeio.askable_file
    WHERE EXISTS (
        SELECT FROM codeio.program WHERE program.raw_file_id = askable_file.raw_file_id
    ) AND NOT EXISTS (
        SELECT FROM codeio.program
        INNER JOIN codeio.teacher_call USING (teacher_call_id)
        WHERE program.raw_file_id = askable_file.raw_file_id AND (teacher_call.teacher_id = any(asked) OR NOT EXISTS (
            SELECT FROM codeio.drop_record
            WHERE drop_record.stage = 'sample' AND drop_record.subject_id = program.program_id
        ))
    ) AND NOT EXISTS (
        SELECT FROM codeio.drop_record
        WHERE drop_record.stage IN ('dedup', 'screen', 'transform')
            AND drop_record.subject_id = askable_file.raw_file_id
    );
END;
COMMENT ON FUNCTION codeio.barren_file(uuid[]) IS
'Present files whose programs all gave no pairs, and of which none is by a teacher that is asked now.';

CREATE VIEW codeio.pending_sample AS
SELECT program.program_id, program.language, program.entry_point, program.main_function, program.input_generator
FROM codeio.program
INNER JOIN codeio.program_in_force ON program_in_force.program_id = program.program_id
WHERE NOT EXISTS (
    SELECT FROM codeio.io_pair WHERE io_pair.program_id = program.program_id
) AND NOT EXISTS (
    SELECT FROM codeio.drop_record
    WHERE drop_record.stage = 'sample' AND drop_record.subject_id = program.program_id
) AND NOT EXISTS (
    SELECT FROM codeio.replaced_program WHERE replaced_program.program_id = program.program_id
);
COMMENT ON VIEW codeio.pending_sample IS 'Programs in force without pairs and without a reason for having none.';
COMMENT ON COLUMN codeio.pending_sample.program_id IS 'The program.';

CREATE VIEW codeio.pending_prompt AS
SELECT io_pair.io_pair_id, io_pair.ordinal, io_pair.input, io_pair.output, direction.direction,
    program.language, program.main_function, program.io_description, program.problem_statement
FROM codeio.io_pair
INNER JOIN codeio.program USING (program_id)
INNER JOIN codeio.program_in_force USING (program_id)
CROSS JOIN (VALUES ('output'), ('input')) AS direction (direction)
WHERE NOT EXISTS (
    SELECT FROM codeio.prompt
    WHERE prompt.io_pair_id = io_pair.io_pair_id AND prompt.direction = direction.direction
) AND NOT (direction.direction = 'input' AND EXISTS (
    SELECT FROM codeio.io_pair AS earlier
    WHERE earlier.program_id = io_pair.program_id AND earlier.ordinal < io_pair.ordinal
        AND earlier.output_sha256 = io_pair.output_sha256
));
COMMENT ON VIEW codeio.pending_prompt IS
'Pairs and directions without a prompt, of programs in force. Pairs of a program with the same output would ask for an '
'input in the same words: only the first of them does.';
COMMENT ON COLUMN codeio.pending_prompt.io_pair_id IS 'The pair to ask about.';

CREATE FUNCTION codeio.pending_answer(asked uuid)
RETURNS TABLE (prompt_id uuid, body text, template_sha256 text, raw_file_id uuid, made_at timestamptz)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT open_prompt.prompt_id, open_prompt.body, open_prompt.template_sha256, open_prompt.raw_file_id,
        open_prompt.made_at
    FROM codeio.open_prompt
    WHERE NOT EXISTS (
        SELECT FROM codeio.response
        WHERE response.prompt_id = open_prompt.prompt_id AND response.turn = 1 AND response.rollout = 0
            AND (asked IS NULL OR response.teacher_id = asked)
    ) AND NOT EXISTS (
        SELECT FROM codeio.drop_record
        WHERE drop_record.stage = 'answer' AND drop_record.subject_id = open_prompt.prompt_id
            AND (asked IS NULL OR drop_record.teacher_id = asked)
    );
END;
COMMENT ON FUNCTION codeio.pending_answer(uuid) IS
'Prompts without a first answer by a teacher and without a reason for its having given none, whatever its scope; null '
'stands for any teacher.';

CREATE VIEW codeio.pending_revise AS
SELECT latest.prompt_id, latest.teacher_id, prompt.body AS prompt_body, prompt.direction, latest.turn, latest.verdict
FROM codeio.current_verdict AS latest
INNER JOIN codeio.prompt USING (prompt_id)
WHERE latest.verdict <> 'correct' AND NOT EXISTS (
    SELECT FROM codeio.response
    WHERE response.prompt_id = latest.prompt_id AND response.teacher_id = latest.teacher_id
        AND response.turn > latest.turn
) AND NOT EXISTS (
    SELECT FROM codeio.drop_record
    WHERE drop_record.stage = 'revise' AND drop_record.subject_id = latest.prompt_id
        AND drop_record.teacher_id = latest.teacher_id
) AND EXISTS (
    SELECT FROM codeio.open_prompt WHERE open_prompt.prompt_id = latest.prompt_id
);
COMMENT ON VIEW codeio.pending_revise IS
'Conversations, of a prompt with a teacher, whose latest answer is wrong, and not dropped. How many turns there may be '
'is a setting.';
COMMENT ON COLUMN codeio.pending_revise.prompt_id IS 'The prompt.';
COMMENT ON COLUMN codeio.pending_revise.teacher_id IS 'The teacher.';
COMMENT ON COLUMN codeio.pending_revise.prompt_body IS 'Its text.';

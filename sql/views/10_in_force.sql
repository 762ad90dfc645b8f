-- What is in force: the latest of each kind, and what no longer counts.

CREATE VIEW codeio.present_place AS
SELECT newest.source_id, newest.place_id, newest.part, newest.path, newest.origin_id, newest.stage_run_id,
    newest.changed_at
FROM codeio.tree_change AS newest
INNER JOIN codeio.source ON source.source_id = newest.source_id
WHERE newest.origin_id IS NOT NULL AND NOT source.withdrawn AND NOT EXISTS (
    SELECT FROM codeio.tree_change AS later
    WHERE later.source_id = newest.source_id AND later.place_id = newest.place_id
        AND later.tree_change_id > newest.tree_change_id
);
COMMENT ON VIEW codeio.present_place IS
'What each source shows at present, or showed when it was removed, kept or dropped; of one that was removed with its '
'files, nothing.';
COMMENT ON COLUMN codeio.present_place.source_id IS 'The source.';
COMMENT ON COLUMN codeio.present_place.origin_id IS
'What stands there: the id of raw_file_origin, or the subject of a drop.';
COMMENT ON COLUMN codeio.present_place.stage_run_id IS 'Who saw it come.';
COMMENT ON COLUMN codeio.present_place.changed_at IS 'When it came.';

CREATE VIEW codeio.present_file AS
SELECT raw_file.raw_file_id, raw_file.language, raw_file.blob_sha256
FROM codeio.raw_file
WHERE EXISTS (
    SELECT FROM codeio.raw_file_origin
    INNER JOIN codeio.present_place ON present_place.origin_id = raw_file_origin.origin_id
    WHERE raw_file_origin.raw_file_id = raw_file.raw_file_id AND NOT EXISTS (
        SELECT FROM codeio.failing_origin WHERE failing_origin.origin_id = raw_file_origin.origin_id
    )
);
COMMENT ON VIEW codeio.present_file IS 'Raw files that a source shows at present, and that may come from there.';
COMMENT ON COLUMN codeio.present_file.raw_file_id IS 'The file.';

CREATE VIEW codeio.askable_file AS
SELECT present_file.raw_file_id, present_file.language, present_file.blob_sha256
FROM codeio.present_file
WHERE present_file.raw_file_id NOT IN (SELECT taken_down_file.raw_file_id FROM codeio.taken_down_file);
COMMENT ON VIEW codeio.askable_file IS 'Present files that a teacher may be sent: none that is taken down.';
COMMENT ON COLUMN codeio.askable_file.raw_file_id IS 'The file.';

CREATE VIEW codeio.file_in_force AS
SELECT askable_file.raw_file_id
FROM codeio.askable_file
WHERE NOT EXISTS (
    SELECT FROM codeio.drop_record
    WHERE drop_record.stage = 'dedup' AND drop_record.subject_id = askable_file.raw_file_id
);
COMMENT ON VIEW codeio.file_in_force IS 'Present files that are not taken down and repeat no other one.';

CREATE VIEW codeio.program_in_force AS
SELECT program.program_id, program.raw_file_id
FROM codeio.program
INNER JOIN codeio.file_in_force ON file_in_force.raw_file_id = program.raw_file_id
WHERE NOT EXISTS (
    SELECT FROM codeio.drop_record
    WHERE drop_record.stage = 'dedup' AND drop_record.subject_id = program.program_id
);
COMMENT ON VIEW codeio.program_in_force IS
'Programs of files in force that repeat no other program: nothing is asked about others.';
COMMENT ON COLUMN codeio.program_in_force.program_id IS 'The program.';
COMMENT ON COLUMN codeio.program_in_force.raw_file_id IS 'The file that it was made of.';

CREATE VIEW codeio.compared_subject AS
SELECT 'raw_file' AS subject_kind, askable_file.raw_file_id AS subject_id
FROM codeio.askable_file
UNION ALL
SELECT 'program' AS subject_kind, program.program_id AS subject_id
FROM codeio.program
INNER JOIN codeio.file_in_force ON file_in_force.raw_file_id = program.raw_file_id;
COMMENT ON VIEW codeio.compared_subject IS
'What dedup compares: present files that are not taken down, and programs of files in force.';
COMMENT ON COLUMN codeio.compared_subject.subject_kind IS 'raw_file or program.';
COMMENT ON COLUMN codeio.compared_subject.subject_id IS 'The raw file or program.';

-- Of one response by index, of all by a join: DISTINCT ON would read all for one.
CREATE VIEW codeio.current_verdict AS
SELECT verdict.response_id, verdict.verdict_id, verdict.verifier_version, verdict.verdict, verdict.feedback,
    response.prompt_id, response.turn, response.rollout, response.teacher_id, response.body
FROM codeio.verdict
INNER JOIN codeio.response USING (response_id)
INNER JOIN codeio.stage_run ON stage_run.stage_run_id = verdict.stage_run_id
WHERE NOT EXISTS (
    SELECT FROM codeio.verdict AS later
    INNER JOIN codeio.stage_run AS later_run ON later_run.stage_run_id = later.stage_run_id
    WHERE later.response_id = verdict.response_id
        AND (later_run.started_at, verdict.verdict_id) > (stage_run.started_at, later.verdict_id)
);
COMMENT ON VIEW codeio.current_verdict IS 'The latest verdict on each response.';
COMMENT ON COLUMN codeio.current_verdict.response_id IS 'The response.';

CREATE VIEW codeio.current_gate_result AS
SELECT DISTINCT ON (gate_result.release_id, gate_result.gate) gate_result.*
FROM codeio.gate_result
ORDER BY gate_result.release_id, gate_result.gate, gate_result.judged_at DESC, gate_result.gate_result_id;
COMMENT ON VIEW codeio.current_gate_result IS 'The latest result of each gate on each release.';

CREATE VIEW codeio.current_sandbox_check AS
SELECT DISTINCT ON (sandbox_check.image_digest)
    sandbox_check.image_digest, sandbox_check.programs, json_array_length(sandbox_check.escaped) AS escapes,
    sandbox_check.escaped, sandbox_check.checked_at
FROM codeio.sandbox_check
ORDER BY sandbox_check.image_digest, sandbox_check.checked_at DESC, sandbox_check.sandbox_check_id;
COMMENT ON VIEW codeio.current_sandbox_check IS
'The latest check of each sandbox image; while one shows an escape, no stage runs programs in that image.';
COMMENT ON COLUMN codeio.current_sandbox_check.escapes IS 'Hostile programs that were not contained.';

CREATE VIEW codeio.benchmark AS
SELECT benchmark_index.*, latest.meant
FROM (
    SELECT DISTINCT ON (benchmark_use.name) benchmark_use.benchmark_index_id, benchmark_use.meant
    FROM codeio.benchmark_use
    ORDER BY benchmark_use.name, benchmark_use.benchmark_use_id DESC
) AS latest
INNER JOIN codeio.benchmark_index USING (benchmark_index_id);
COMMENT ON VIEW codeio.benchmark IS 'The index in use of each benchmark that was not removed.';
COMMENT ON COLUMN codeio.benchmark.name IS 'Name of the benchmark.';
COMMENT ON COLUMN codeio.benchmark.benchmark_index_id IS 'The index in use.';

CREATE VIEW codeio.leak AS
SELECT program.raw_file_id, program.program_id, benchmark.name AS benchmark, leak_hit.item
FROM codeio.leak_hit
INNER JOIN codeio.benchmark USING (benchmark_index_id)
INNER JOIN codeio.program ON program.program_id = leak_hit.subject_id
WHERE leak_hit.subject_kind = 'program' AND leak_hit.leak
UNION ALL
SELECT leak_hit.subject_id AS raw_file_id, program.program_id, benchmark.name AS benchmark, leak_hit.item
FROM codeio.leak_hit
INNER JOIN codeio.benchmark USING (benchmark_index_id)
LEFT JOIN codeio.program ON program.raw_file_id = leak_hit.subject_id
WHERE leak_hit.subject_kind = 'raw_file' AND leak_hit.leak;
COMMENT ON VIEW codeio.leak IS
'Items of benchmarks in use that leak: found in the samples of a program, or in its file and so in all its programs.';
COMMENT ON COLUMN codeio.leak.raw_file_id IS 'The file that leaks, itself or by what was made of it.';
COMMENT ON COLUMN codeio.leak.program_id IS 'The program; null where none was made of the file.';
COMMENT ON COLUMN codeio.leak.benchmark IS 'Name of the benchmark.';

CREATE VIEW codeio.leaking_file AS
SELECT DISTINCT leak.raw_file_id FROM codeio.leak;
COMMENT ON VIEW codeio.leaking_file IS 'Raw files of which something leaks a benchmark in use.';
COMMENT ON COLUMN codeio.leaking_file.raw_file_id IS 'The file.';

CREATE VIEW codeio.quarantined_file AS
SELECT drop_record.subject_id AS raw_file_id, drop_record.reason, drop_record.detail, drop_record.dropped_at
FROM codeio.drop_record
WHERE drop_record.stage = 'screen';
COMMENT ON VIEW codeio.quarantined_file IS
'Raw files that leak, or whose samples hold a secret or personal data: not transformed, and none of their samples is '
'released.';
COMMENT ON COLUMN codeio.quarantined_file.raw_file_id IS 'The file.';

CREATE VIEW codeio.refuted_pair AS
SELECT latest.io_pair_id, latest.sandbox_image_digest, latest.outcome, latest.checked_at
FROM (
    SELECT DISTINCT ON (pair_check.io_pair_id) pair_check.*
    FROM codeio.pair_check
    ORDER BY pair_check.io_pair_id, pair_check.checked_at DESC, pair_check.pair_check_id
) AS latest
WHERE NOT latest.holds;
COMMENT ON VIEW codeio.refuted_pair IS
'Pairs whose latest check gave another output: nothing more is asked about them, and their samples are in no later '
'release.';

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
COMMENT ON VIEW codeio.replaced_program IS
'Programs whose file was transformed again to a later program that was not dropped.';

CREATE VIEW codeio.open_prompt AS
SELECT prompt.prompt_id, prompt.body, prompt.template_sha256, program.raw_file_id, stage_run.started_at AS made_at
FROM codeio.prompt
INNER JOIN codeio.io_pair USING (io_pair_id)
INNER JOIN codeio.program USING (program_id)
INNER JOIN codeio.stage_run ON stage_run.stage_run_id = prompt.stage_run_id
WHERE EXISTS (
    SELECT FROM codeio.program_in_force WHERE program_in_force.program_id = io_pair.program_id
) AND NOT EXISTS (
    SELECT FROM codeio.replaced_program WHERE replaced_program.program_id = io_pair.program_id
) AND NOT EXISTS (
    SELECT FROM codeio.refuted_pair WHERE refuted_pair.io_pair_id = prompt.io_pair_id
) AND NOT EXISTS (
    SELECT FROM codeio.prompt AS newer
    INNER JOIN codeio.stage_run AS newer_run ON newer_run.stage_run_id = newer.stage_run_id
    WHERE newer.io_pair_id = prompt.io_pair_id AND newer.direction = prompt.direction
        AND newer_run.started_at > stage_run.started_at
);
COMMENT ON VIEW codeio.open_prompt IS
'Prompts that teachers are asked, with the file that each is about: none of a refuted pair, of a replaced program, of '
'one that is not in force, or that a later template asks anew.';
COMMENT ON COLUMN codeio.open_prompt.prompt_id IS 'The prompt.';
COMMENT ON COLUMN codeio.open_prompt.raw_file_id IS 'The file that its program was made of.';
COMMENT ON COLUMN codeio.open_prompt.made_at IS 'When the task began that wrote it.';

CREATE VIEW codeio.current_teacher AS
SELECT answering_teacher.teacher_id, answering_teacher.since, answering_teacher.left_out
FROM codeio.answering_teacher
ORDER BY answering_teacher.planned_at DESC, answering_teacher.teacher_id
LIMIT 1;
COMMENT ON VIEW codeio.current_teacher IS 'The teacher whose answers were planned last; none before the first plan.';
COMMENT ON COLUMN codeio.current_teacher.teacher_id IS 'The teacher.';

CREATE FUNCTION codeio.teacher_name(teacher codeio.teacher) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN CASE teacher.kind WHEN 'offline-trace' THEN 'offline teacher'
    ELSE codeio.released_name(teacher.model) || ' at ' || teacher.endpoint_host
END;
COMMENT ON FUNCTION codeio.teacher_name(codeio.teacher) IS 'What people call a teacher.';

CREATE FUNCTION codeio.place_in_share(id uuid) RETURNS double precision
LANGUAGE sql IMMUTABLE
RETURN ('x' || left(encode(sha256(convert_to(id::text, 'UTF8')), 'hex'), 8))::bit(32)::bigint / 4294967296.0;
COMMENT ON FUNCTION codeio.place_in_share(uuid) IS
'Number of 0 to 1 that a row is drawn by: those below S are a share of S, the same as a recipe with this share takes.';

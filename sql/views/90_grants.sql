-- What the roles may do, now that 00_drop.sql took every right back: the auditor reads, the application adds facts.

GRANT USAGE ON SCHEMA codeio TO codeio_app, codeio_auditor;
GRANT SELECT ON ALL TABLES IN SCHEMA codeio TO codeio_app, codeio_auditor;

-- Triggers write stage_run_tally and sample_facet, `codeio migrate` schema_file.
GRANT INSERT ON codeio.stage_run, codeio.task_failure, codeio.source, codeio.blob, codeio.raw_file,
codeio.raw_file_origin, codeio.dedup_result, codeio.dedup_segment, codeio.teacher, codeio.teacher_call,
codeio.teacher_reply, codeio.teacher_spending, codeio.teacher_pace, codeio.teacher_batch,
codeio.teacher_batch_request, codeio.answering_teacher, codeio.program, codeio.program_measure,
codeio.io_pair, codeio.pair_check, codeio.prompt, codeio.response, codeio.verdict, codeio.drop_record,
codeio.requeued_drop, codeio.sandbox_check, codeio.sample, codeio.sample_content, codeio.sample_measure,
codeio.candidate_row, codeio.release,
codeio.release_sample, codeio.release_left_out, codeio.takedown, codeio.takedown_undo, codeio.tree_change,
codeio.benchmark_index,
codeio.leak_scan, codeio.leak_hit, codeio.gate_result, codeio.gate_override, codeio.source_change,
codeio.origin_licence, codeio.benchmark_use, codeio.judge, codeio.clean_conversation, codeio.passed_pair
TO codeio_app;

GRANT UPDATE (paused, cursor_value, licence, settings, removed, withdrawn, judged_with, judged_at)
ON codeio.source TO codeio_app;
-- Scratch, which its writer takes away again.
GRANT DELETE ON codeio.candidate_row TO codeio_app;
GRANT UPDATE (status, uri, manifest_sha256, published_at) ON codeio.release TO codeio_app;
GRANT UPDATE ON codeio.teacher_spending, codeio.teacher_pace, codeio.answering_teacher TO codeio_app;
GRANT UPDATE (status, collected_at) ON codeio.teacher_batch TO codeio_app;
GRANT UPDATE (failure) ON codeio.teacher_batch_request TO codeio_app;

REVOKE ALL ON FUNCTION codeio.take_back_drops(uuid[], boolean), codeio.judge_again(text),
codeio.delete_unreferenced_blobs(timestamptz), codeio.settle_replies(text[], text[]) FROM public;
GRANT EXECUTE ON FUNCTION codeio.take_back_drops(uuid[], boolean), codeio.judge_again(text),
codeio.delete_unreferenced_blobs(timestamptz), codeio.settle_replies(text[], text[]) TO codeio_app;
DO $$ BEGIN EXECUTE 'GRANT MAINTAIN ON ALL TABLES IN SCHEMA codeio TO codeio_app'; END $$;

-- Bulk inserts go through a temporary table.
DO $$ BEGIN EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO codeio_app', current_database()); END $$;

-- What the columns of views mean: by hand where a view makes them, and else as in the table they come from.

COMMENT ON COLUMN codeio.current_sandbox_check.escapes IS 'Hostile programs that were not contained.';
COMMENT ON COLUMN codeio.current_verdict.response_id IS 'The response.';
COMMENT ON COLUMN codeio.drop_reason.stage IS 'The stage that dropped them.';
COMMENT ON COLUMN codeio.drop_reason.rows IS 'How many rows it dropped for the reason.';
COMMENT ON COLUMN codeio.faceted_sample.verdict_1 IS 'Verdict on the first answer.';
COMMENT ON COLUMN codeio.faceted_sample.verdict_2 IS 'Verdict on the revision; empty when there was none.';
COMMENT ON COLUMN codeio.faceted_sample.drop_reason IS 'Why there was no revision of a wrong answer; empty when nothing was dropped.';
COMMENT ON COLUMN codeio.faceted_sample.source_id IS 'Where its file was seen; the first by name when in several places.';
COMMENT ON COLUMN codeio.faceted_sample.program_id IS 'The program it asks about.';
COMMENT ON COLUMN codeio.faceted_sample.problem IS 'Beginning of the problem statement.';
COMMENT ON COLUMN codeio.faceted_sample.source_path IS 'Path of the file in its source.';
COMMENT ON COLUMN codeio.faceted_sample.words IS 'Words of path, entry point and problem statement, for the search.';
COMMENT ON COLUMN codeio.finished_conversation.program_id IS 'The program it asks about.';
COMMENT ON COLUMN codeio.finished_conversation.first_verdict_id IS 'Verdict on the first answer, which names the answer.';
COMMENT ON COLUMN codeio.finished_conversation.second_verdict_id IS 'Verdict on the revision; null when there was none.';
COMMENT ON COLUMN codeio.funnel.position IS 'Order of the stages, from 1.';
COMMENT ON COLUMN codeio.funnel.stage IS 'The stage.';
COMMENT ON COLUMN codeio.funnel.passed IS 'Rows it let through.';
COMMENT ON COLUMN codeio.funnel.dropped IS 'Rows it dropped, for whatever reason.';
COMMENT ON COLUMN codeio.funnel.pending IS 'Rows that wait for it.';
COMMENT ON COLUMN codeio.pending_answer.prompt_id IS 'The prompt.';
COMMENT ON COLUMN codeio.pending_further_revision.prompt_id IS 'The prompt.';
COMMENT ON COLUMN codeio.pending_further_revision.prompt_body IS 'Its text.';
COMMENT ON COLUMN codeio.pending_prompt.io_pair_id IS 'The pair to ask about.';
COMMENT ON COLUMN codeio.pending_revise.prompt_id IS 'The prompt.';
COMMENT ON COLUMN codeio.pending_revise.prompt_body IS 'Its text.';
COMMENT ON COLUMN codeio.pending_revise.response_body IS 'The wrong first answer.';
COMMENT ON COLUMN codeio.pending_sample.program_id IS 'The program.';
COMMENT ON COLUMN codeio.pending_screen.raw_file_id IS 'The file.';
COMMENT ON COLUMN codeio.pending_transform.raw_file_id IS 'The file.';
COMMENT ON COLUMN codeio.quarantined_file.raw_file_id IS 'The file.';
COMMENT ON COLUMN codeio.question_number.question IS 'Number of the question within its program, from 1.';
COMMENT ON COLUMN codeio.release_change.old_release_id IS 'The release before; give one.';
COMMENT ON COLUMN codeio.release_change.new_release_id IS 'The release after; give one.';
COMMENT ON COLUMN codeio.release_change.change IS 'added, removed, or moved to another split.';
COMMENT ON COLUMN codeio.release_change.old_split IS 'Split in the release before; null when added.';
COMMENT ON COLUMN codeio.release_change.new_split IS 'Split in the release after; null when removed.';
COMMENT ON COLUMN codeio.release_cost.calls IS 'Calls.';
COMMENT ON COLUMN codeio.release_cost.unpriced_calls IS 'Calls of a model whose price is not known; they are not in the cost.';
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
COMMENT ON COLUMN codeio.released_lineage.source_version IS 'Version of the source, such as that of a package; may be empty.';
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
COMMENT ON COLUMN codeio.sample_text.prompt_id IS 'Its prompt.';
COMMENT ON COLUMN codeio.sample_text.program_id IS 'The program that the pair was drawn from.';
COMMENT ON COLUMN codeio.sample_text.io_pair_id IS 'The pair that the prompt asks about.';
COMMENT ON COLUMN codeio.sample_text.raw_file_id IS 'The file that the program was made of.';
COMMENT ON COLUMN codeio.sample_text.source_kind IS 'Reader of the source.';
COMMENT ON COLUMN codeio.sample_text.source_locator IS 'Path, URL or package of the source.';
COMMENT ON COLUMN codeio.sample_text.source_version IS 'Version of the source, such as that of a package; may be empty.';
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
COMMENT ON COLUMN codeio.sample_text.teacher_model IS 'Its model.';
COMMENT ON COLUMN codeio.sample_text.transform_provenance IS 'What the teacher that wrote the program said of its work.';
COMMENT ON COLUMN codeio.sample_text.rationale_provenance IS 'What the teacher said of the first answer.';
COMMENT ON COLUMN codeio.sample_text.answer_run_id IS 'Airflow run that got the first answer.';
COMMENT ON COLUMN codeio.teacher_cost.teacher_kind IS 'Kind of the teacher.';
COMMENT ON COLUMN codeio.teacher_cost.teacher_model IS 'Its model.';
COMMENT ON COLUMN codeio.teacher_cost.calls IS 'Calls.';
COMMENT ON COLUMN codeio.teacher_cost.accepted_rows IS 'Rows they gave: programs with pairs, or right answers.';
COMMENT ON COLUMN codeio.teacher_cost.cost_per_accepted_row_usd IS 'Dollars for each of them; null when a price is not known or there is none.';
COMMENT ON COLUMN codeio.verdict_share.rows IS 'How many responses got the verdict.';

DO $$
DECLARE shown record;
BEGIN
    -- Views may show columns of views.
    FOR depth IN 1..3 LOOP
        FOR shown IN
            SELECT view_class.oid::regclass AS relation, attribute.attname, min(col_description(base.oid, base_attribute.attnum)) AS meaning
            FROM pg_class AS view_class
            INNER JOIN pg_attribute AS attribute ON attribute.attrelid = view_class.oid AND attribute.attnum > 0
            INNER JOIN information_schema.view_column_usage AS used
                ON used.view_schema = 'codeio' AND used.view_name = view_class.relname AND used.column_name = attribute.attname
            INNER JOIN pg_class AS base ON base.relname = used.table_name AND base.relnamespace = view_class.relnamespace
            INNER JOIN pg_attribute AS base_attribute ON base_attribute.attrelid = base.oid AND base_attribute.attname = used.column_name
            WHERE view_class.relkind = 'v' AND view_class.relnamespace = 'codeio'::regnamespace
                AND col_description(view_class.oid, attribute.attnum) IS NULL
            GROUP BY view_class.oid, attribute.attname
            HAVING count(DISTINCT col_description(base.oid, base_attribute.attnum)) = 1
        LOOP
            EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', shown.relation, shown.attname, shown.meaning);
        END LOOP;
    END LOOP;
END $$;

-- What waits to be measured, what the pages count, and who may write it.

CREATE VIEW codeio.pending_length AS
SELECT program.program_id, program.main_function
FROM codeio.program
WHERE NOT EXISTS (
    SELECT FROM codeio.program_length WHERE program_length.program_id = program.program_id
) AND NOT EXISTS (
    SELECT FROM codeio.drop_record
    WHERE drop_record.stage = 'dedup' AND drop_record.subject_id = program.program_id
);
COMMENT ON VIEW codeio.pending_length IS 'Programs that repeat no other and were not measured.';

CREATE TRIGGER program_length_tally AFTER INSERT ON codeio.program_length
REFERENCING NEW TABLE AS added FOR EACH STATEMENT
EXECUTE FUNCTION codeio.tally('passed', 'count(*)', 'stage', '''length''::text', '');

GRANT INSERT ON codeio.program_length TO codeio_app;

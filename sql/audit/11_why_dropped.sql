-- Why was nothing made of this file? Every drop of its places, its content and its programs.
SELECT drop_record.stage, drop_record.reason, drop_record.detail, drop_record.dropped_at
FROM codeio.drop_record
WHERE drop_record.subject_id IN (
    SELECT raw_file_origin.origin_id FROM codeio.raw_file_origin WHERE raw_file_origin.path = 'package/module.py'
    UNION SELECT raw_file_origin.raw_file_id FROM codeio.raw_file_origin
    WHERE raw_file_origin.path = 'package/module.py'
    UNION SELECT program.program_id FROM codeio.program INNER JOIN codeio.raw_file_origin USING (raw_file_id)
    WHERE raw_file_origin.path = 'package/module.py'
)
ORDER BY drop_record.dropped_at, drop_record.stage;

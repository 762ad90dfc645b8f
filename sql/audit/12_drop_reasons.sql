-- How many rows did each stage drop, and for what?
SELECT stage, reason, rows FROM codeio.drop_reason ORDER BY stage, drop_reason.rows DESC, reason;

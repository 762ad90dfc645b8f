-- A budget counts what open batches may still cost.

ALTER TABLE codeio.teacher_batch ADD COLUMN worst_usd numeric NOT NULL DEFAULT 0;
COMMENT ON COLUMN codeio.teacher_batch.worst_usd IS 'What it may cost at most, in dollars; 0 when the price is not known.';

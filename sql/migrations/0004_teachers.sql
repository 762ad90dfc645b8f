-- What calls to teachers need and leave: paid replies, spending, pace, batches; what they are worth.

CREATE TABLE codeio.teacher_reply (
    request_sha256 text CONSTRAINT teacher_reply_pk PRIMARY KEY,
    body bytea NOT NULL,
    latency_ms double precision NOT NULL,
    request_id text NOT NULL,
    cost_usd numeric(14, 8),
    stage_run_id uuid NOT NULL CONSTRAINT teacher_reply_stage_run_fk REFERENCES codeio.stage_run,
    received_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE codeio.teacher_reply IS 'Replies that were paid for, stored before anything else is done with them. A request whose fingerprint is here is never sent again.';
COMMENT ON COLUMN codeio.teacher_reply.request_sha256 IS 'sha256 of everything that decides the answer: teacher, messages, parameters, seed.';
COMMENT ON COLUMN codeio.teacher_reply.body IS 'The chat completion as it came, zstd-compressed.';
COMMENT ON COLUMN codeio.teacher_reply.latency_ms IS 'From request to reply, retries included; 0 for a reply of a batch.';
COMMENT ON COLUMN codeio.teacher_reply.request_id IS 'Id the endpoint gave the request.';
COMMENT ON COLUMN codeio.teacher_reply.cost_usd IS 'Price of the call; null when it is not known.';
COMMENT ON COLUMN codeio.teacher_reply.stage_run_id IS 'Who paid.';
COMMENT ON COLUMN codeio.teacher_reply.received_at IS 'When it was stored.';

CREATE TABLE codeio.teacher_spending (
    period text CONSTRAINT teacher_spending_pk PRIMARY KEY,
    cost_usd numeric(14, 8) NOT NULL
);
COMMENT ON TABLE codeio.teacher_spending IS 'Running totals that budgets are held against; the facts are in teacher_reply.';
COMMENT ON COLUMN codeio.teacher_spending.period IS 'The word run and an Airflow run id, or the word month and a month in UTC.';
COMMENT ON COLUMN codeio.teacher_spending.cost_usd IS 'US dollars spent on teachers in it.';

CREATE TABLE codeio.teacher_pace (
    teacher text CONSTRAINT teacher_pace_pk PRIMARY KEY,
    next_request_at timestamptz NOT NULL,
    next_tokens_at timestamptz NOT NULL,
    cool_until timestamptz NOT NULL
);
COMMENT ON TABLE codeio.teacher_pace IS 'When the next request may go out to a teacher, for all processes together.';
COMMENT ON COLUMN codeio.teacher_pace.teacher IS 'Address and model.';
COMMENT ON COLUMN codeio.teacher_pace.next_request_at IS 'End of the queue of requests, under the limit of requests a minute.';
COMMENT ON COLUMN codeio.teacher_pace.next_tokens_at IS 'End of the queue of tokens, under the limit of tokens a minute.';
COMMENT ON COLUMN codeio.teacher_pace.cool_until IS 'Nobody sends before this time: the endpoint asked for it with status 429.';

CREATE TABLE codeio.teacher_batch (
    batch_id text CONSTRAINT teacher_batch_pk PRIMARY KEY,
    teacher text NOT NULL,
    purpose text NOT NULL CONSTRAINT teacher_batch_purpose CHECK (purpose IN ('transform', 'answer', 'revise')),
    requests integer NOT NULL,
    stage_run_id uuid NOT NULL CONSTRAINT teacher_batch_stage_run_fk REFERENCES codeio.stage_run,
    submitted_at timestamptz NOT NULL DEFAULT now(),
    status text NOT NULL,
    collected_at timestamptz
);
COMMENT ON TABLE codeio.teacher_batch IS 'Batches handed to an endpoint''s Batch API.';
COMMENT ON COLUMN codeio.teacher_batch.batch_id IS 'Id the endpoint gave the batch.';
COMMENT ON COLUMN codeio.teacher_batch.teacher IS 'Address and model.';
COMMENT ON COLUMN codeio.teacher_batch.purpose IS 'transform, answer or revise.';
COMMENT ON COLUMN codeio.teacher_batch.requests IS 'Requests in it.';
COMMENT ON COLUMN codeio.teacher_batch.stage_run_id IS 'Who submitted it.';
COMMENT ON COLUMN codeio.teacher_batch.submitted_at IS 'When it was submitted.';
COMMENT ON COLUMN codeio.teacher_batch.status IS 'As the endpoint reported it last.';
COMMENT ON COLUMN codeio.teacher_batch.collected_at IS 'When its replies were stored; null while it is open.';

CREATE TABLE codeio.teacher_batch_request (
    batch_id text NOT NULL CONSTRAINT teacher_batch_request_batch_fk REFERENCES codeio.teacher_batch,
    request_sha256 text NOT NULL,
    failure text,
    CONSTRAINT teacher_batch_request_pk PRIMARY KEY (batch_id, request_sha256)
);
CREATE INDEX teacher_batch_request_sha256 ON codeio.teacher_batch_request (request_sha256);
COMMENT ON TABLE codeio.teacher_batch_request IS 'Requests of batches.';
COMMENT ON COLUMN codeio.teacher_batch_request.batch_id IS 'The batch.';
COMMENT ON COLUMN codeio.teacher_batch_request.request_sha256 IS 'Fingerprint of the request; its reply is in teacher_reply.';
COMMENT ON COLUMN codeio.teacher_batch_request.failure IS 'Why it has no reply; null while the batch is open, and for requests that have one.';

CREATE VIEW codeio.pending_further_revision AS
SELECT latest.prompt_id, prompt.body AS prompt_body, prompt.direction, latest.turn, latest.verdict, latest.teacher_id
FROM codeio.current_verdict AS latest
INNER JOIN codeio.prompt USING (prompt_id)
WHERE latest.turn > 1 AND latest.verdict <> 'correct' AND NOT EXISTS (
    SELECT FROM codeio.response
    WHERE response.prompt_id = latest.prompt_id AND response.turn > latest.turn
) AND NOT EXISTS (
    SELECT FROM codeio.drop_record
    WHERE drop_record.stage = 'revise' AND drop_record.subject_id = latest.prompt_id
);
COMMENT ON VIEW codeio.pending_further_revision IS 'Prompts whose latest revision is wrong too. Whether there is another one is a setting (CODEIO_REVISION_TURNS).';

CREATE OR REPLACE VIEW codeio.pending_revise AS
SELECT first.prompt_id, prompt.body AS prompt_body, first.body AS response_body, first.feedback,
    prompt.direction, first.turn, first.verdict, first.teacher_id
FROM codeio.current_verdict AS first
INNER JOIN codeio.prompt USING (prompt_id)
WHERE first.turn = 1 AND first.verdict <> 'correct' AND NOT EXISTS (
    SELECT FROM codeio.response WHERE response.prompt_id = first.prompt_id AND response.turn = 2
) AND NOT EXISTS (
    SELECT FROM codeio.drop_record
    WHERE drop_record.stage = 'revise' AND drop_record.subject_id = first.prompt_id
);

CREATE VIEW codeio.revision_gain AS
SELECT wrong.teacher_id, prompt.direction, wrong.verdict AS feedback_kind, wrong.turn,
    count(*) AS revised,
    count(*) FILTER (WHERE revision.verdict = 'correct') AS repaired,
    (count(*) FILTER (WHERE revision.verdict = 'correct') + 1.0) / (count(*) + 2) AS expected_gain,
    avg(teacher_call.cost_usd) AS mean_cost_usd
FROM codeio.current_verdict AS wrong
INNER JOIN codeio.current_verdict AS revision
    ON revision.prompt_id = wrong.prompt_id AND revision.rollout = wrong.rollout AND revision.turn = wrong.turn + 1
INNER JOIN codeio.response ON response.response_id = revision.response_id
INNER JOIN codeio.teacher_call ON teacher_call.teacher_call_id = response.teacher_call_id
INNER JOIN codeio.prompt ON prompt.prompt_id = wrong.prompt_id
WHERE wrong.verdict <> 'correct'
GROUP BY wrong.teacher_id, prompt.direction, wrong.verdict, wrong.turn;
COMMENT ON VIEW codeio.revision_gain IS 'What revisions were worth so far, by teacher, direction, kind of feedback and turn.';
COMMENT ON COLUMN codeio.revision_gain.feedback_kind IS 'Verdict that the teacher was told about.';
COMMENT ON COLUMN codeio.revision_gain.turn IS 'Turn that was wrong.';
COMMENT ON COLUMN codeio.revision_gain.revised IS 'Wrong answers that were revised.';
COMMENT ON COLUMN codeio.revision_gain.repaired IS 'Revisions that were right.';
COMMENT ON COLUMN codeio.revision_gain.expected_gain IS 'Expected share repaired of the next ones (rule of succession).';
COMMENT ON COLUMN codeio.revision_gain.mean_cost_usd IS 'Mean price of a revision; null when no price is known.';


CREATE VIEW codeio.teacher_cost AS
WITH accepted AS (
    SELECT program.teacher_call_id
    FROM codeio.program
    WHERE EXISTS (SELECT FROM codeio.io_pair WHERE io_pair.program_id = program.program_id)
    UNION ALL
    SELECT response.teacher_call_id
    FROM codeio.current_verdict
    INNER JOIN codeio.response ON response.response_id = current_verdict.response_id
    WHERE current_verdict.verdict = 'correct'
)
SELECT stage_run.dag_id, stage_run.run_id, teacher.kind AS teacher_kind, teacher.model AS teacher_model,
    teacher_call.purpose, count(*) AS calls,
    sum(teacher_call.prompt_tokens) AS prompt_tokens, sum(teacher_call.completion_tokens) AS completion_tokens,
    sum(teacher_call.cost_usd) AS cost_usd, count(accepted.teacher_call_id) AS accepted_rows,
    sum(teacher_call.cost_usd) / nullif(count(accepted.teacher_call_id), 0) AS cost_per_accepted_row_usd
FROM codeio.teacher_call
INNER JOIN codeio.teacher ON teacher.teacher_id = teacher_call.teacher_id
INNER JOIN codeio.stage_run ON stage_run.stage_run_id = teacher_call.stage_run_id
LEFT JOIN accepted ON accepted.teacher_call_id = teacher_call.teacher_call_id
GROUP BY stage_run.dag_id, stage_run.run_id, teacher.kind, teacher.model, teacher_call.purpose;
COMMENT ON VIEW codeio.teacher_cost IS 'Calls, tokens and dollars of each run, and dollars for each row they gave: a program with pairs, or a right answer.';

COMMENT ON COLUMN codeio.teacher_call.teacher_call_id IS 'Derived from purpose, subject, teacher and stage run.';
COMMENT ON COLUMN codeio.teacher_call.outcome IS 'program or answered, or why the reply was of no use; unavailable when there was none at any try.';

GRANT SELECT ON ALL TABLES IN SCHEMA codeio TO codeio_app, codeio_auditor;
GRANT INSERT ON codeio.teacher_reply, codeio.teacher_spending, codeio.teacher_pace, codeio.teacher_batch, codeio.teacher_batch_request TO codeio_app;
GRANT UPDATE ON codeio.teacher_spending, codeio.teacher_pace TO codeio_app;
GRANT UPDATE (status, collected_at) ON codeio.teacher_batch TO codeio_app;
GRANT UPDATE (failure) ON codeio.teacher_batch_request TO codeio_app;

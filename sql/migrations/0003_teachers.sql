-- Teachers, their calls and what these cost; what calls in flight share.

CREATE TABLE codeio.teacher (
    teacher_id uuid CONSTRAINT teacher_pk PRIMARY KEY,
    kind text NOT NULL CONSTRAINT teacher_kind CHECK (kind IN ('offline-trace', 'local-model', 'api-model')),
    model text NOT NULL,
    version text NOT NULL,
    endpoint_host text NOT NULL,
    stage_run_id uuid NOT NULL CONSTRAINT teacher_stage_run_fk REFERENCES codeio.stage_run
);
COMMENT ON TABLE codeio.teacher IS 'Who writes programs and responses.';
COMMENT ON COLUMN codeio.teacher.teacher_id IS 'Derived from the other columns.';
COMMENT ON COLUMN codeio.teacher.kind IS 'offline-trace (no model), local-model or api-model.';
COMMENT ON COLUMN codeio.teacher.model IS 'Model id sent with the request.';
COMMENT ON COLUMN codeio.teacher.version IS 'Version of the model or of the offline teacher.';
COMMENT ON COLUMN codeio.teacher.endpoint_host IS 'Host of the endpoint; empty for the offline teacher.';
COMMENT ON COLUMN codeio.teacher.stage_run_id IS 'Who wrote it.';

CREATE TABLE codeio.teacher_call (
    teacher_call_id uuid CONSTRAINT teacher_call_pk PRIMARY KEY,
    teacher_id uuid NOT NULL CONSTRAINT teacher_call_teacher_fk REFERENCES codeio.teacher,
    purpose text NOT NULL CONSTRAINT teacher_call_purpose CHECK (purpose IN ('transform', 'answer', 'revise')),
    subject_id uuid NOT NULL,
    template_sha256 text NOT NULL,
    parameters json NOT NULL,
    outcome text NOT NULL,
    finish_reason text NOT NULL,
    prompt_tokens integer NOT NULL,
    completion_tokens integer NOT NULL,
    cost_usd numeric(12, 6),
    latency_ms double precision NOT NULL,
    request_id text NOT NULL,
    stage_run_id uuid NOT NULL CONSTRAINT teacher_call_stage_run_fk REFERENCES codeio.stage_run
);
CREATE INDEX teacher_call_subject ON codeio.teacher_call (subject_id);
COMMENT ON TABLE codeio.teacher_call IS 'A request that a teacher answered or refused, with what it cost.';
COMMENT ON COLUMN codeio.teacher_call.teacher_call_id IS 'Derived from purpose, subject, teacher and stage run.';
COMMENT ON COLUMN codeio.teacher_call.teacher_id IS 'The teacher.';
COMMENT ON COLUMN codeio.teacher_call.purpose IS 'transform, answer or revise.';
COMMENT ON COLUMN codeio.teacher_call.subject_id IS 'The raw file or prompt the request was about.';
COMMENT ON COLUMN codeio.teacher_call.template_sha256 IS 'Fingerprint of the prompt template.';
COMMENT ON COLUMN codeio.teacher_call.parameters IS 'Sampling parameters of the request.';
COMMENT ON COLUMN codeio.teacher_call.outcome IS
'program or answered, or why the reply was of no use; unavailable when there was none at any try.';
COMMENT ON COLUMN codeio.teacher_call.finish_reason IS 'As the endpoint reported it.';
COMMENT ON COLUMN codeio.teacher_call.prompt_tokens IS 'As the endpoint reported it.';
COMMENT ON COLUMN codeio.teacher_call.completion_tokens IS 'As the endpoint reported it.';
COMMENT ON COLUMN codeio.teacher_call.cost_usd IS 'From the price table; null when the model is not in it.';
COMMENT ON COLUMN codeio.teacher_call.latency_ms IS 'From request to reply, retries included.';
COMMENT ON COLUMN codeio.teacher_call.request_id IS 'Id the endpoint gave the request.';
COMMENT ON COLUMN codeio.teacher_call.stage_run_id IS 'Who wrote it.';

CREATE TABLE codeio.teacher_reply (
    request_sha256 text CONSTRAINT teacher_reply_pk PRIMARY KEY,
    body bytea NOT NULL,
    latency_ms double precision NOT NULL,
    request_id text NOT NULL,
    cost_usd numeric(14, 8),
    stage_run_id uuid NOT NULL CONSTRAINT teacher_reply_stage_run_fk REFERENCES codeio.stage_run,
    received_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE codeio.teacher_reply IS
'Replies that were paid for, stored before anything else is done with them. A request whose fingerprint is here is '
'never sent again.';
COMMENT ON COLUMN codeio.teacher_reply.request_sha256 IS
'sha256 of everything that decides the answer: teacher, messages, parameters, seed.';
COMMENT ON COLUMN codeio.teacher_reply.body IS 'The chat completion as it came, zstd-compressed.';
COMMENT ON COLUMN codeio.teacher_reply.latency_ms IS
'From request to reply, retries included; 0 for a reply of a batch.';
COMMENT ON COLUMN codeio.teacher_reply.request_id IS 'Id the endpoint gave the request.';
COMMENT ON COLUMN codeio.teacher_reply.cost_usd IS 'Price of the call; null when it is not known.';
COMMENT ON COLUMN codeio.teacher_reply.stage_run_id IS 'Who paid.';
COMMENT ON COLUMN codeio.teacher_reply.received_at IS 'When it was stored.';

CREATE TABLE codeio.teacher_spending (
    period text CONSTRAINT teacher_spending_pk PRIMARY KEY,
    cost_usd numeric(14, 8) NOT NULL
);
COMMENT ON TABLE codeio.teacher_spending IS
'Running totals that budgets are held against; the facts are in teacher_reply.';
COMMENT ON COLUMN codeio.teacher_spending.period IS
'The word run and an Airflow run id, or the word month and a month in UTC.';
COMMENT ON COLUMN codeio.teacher_spending.cost_usd IS 'US dollars spent on teachers in it.';

CREATE TABLE codeio.teacher_pace (
    teacher text CONSTRAINT teacher_pace_pk PRIMARY KEY,
    next_request_at timestamptz NOT NULL,
    next_tokens_at timestamptz NOT NULL,
    cool_until timestamptz NOT NULL
);
COMMENT ON TABLE codeio.teacher_pace IS 'When the next request may go out to a teacher, for all processes together.';
COMMENT ON COLUMN codeio.teacher_pace.teacher IS 'Address and model.';
COMMENT ON COLUMN codeio.teacher_pace.next_request_at IS
'End of the queue of requests, under the limit of requests a minute.';
COMMENT ON COLUMN codeio.teacher_pace.next_tokens_at IS
'End of the queue of tokens, under the limit of tokens a minute.';
COMMENT ON COLUMN codeio.teacher_pace.cool_until IS
'Nobody sends before this time: the endpoint asked for it with status 429.';

CREATE TABLE codeio.teacher_batch (
    batch_id text CONSTRAINT teacher_batch_pk PRIMARY KEY,
    teacher text NOT NULL,
    purpose text NOT NULL CONSTRAINT teacher_batch_purpose CHECK (purpose IN ('transform', 'answer', 'revise')),
    requests integer NOT NULL,
    worst_usd numeric NOT NULL DEFAULT 0,
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
COMMENT ON COLUMN codeio.teacher_batch.worst_usd IS
'What it may cost at most, in dollars; 0 when the price is not known.';
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
COMMENT ON COLUMN codeio.teacher_batch_request.request_sha256 IS
'Fingerprint of the request; its reply is in teacher_reply.';
COMMENT ON COLUMN codeio.teacher_batch_request.failure IS
'Why it has no reply; null while the batch is open, and for requests that have one.';

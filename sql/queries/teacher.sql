-- Calls to teachers: paid replies, spending, pace, batches.

-- name: replies
SELECT teacher_reply.request_sha256, teacher_reply.body, teacher_reply.latency_ms, teacher_reply.request_id,
    teacher_reply.cost_usd, blob.sha256, blob.pack_key, blob.pack_offset, blob.pack_bytes
FROM codeio.teacher_reply
LEFT JOIN codeio.blob ON blob.sha256 = teacher_reply.blob_sha256
WHERE teacher_reply.request_sha256 = any(:fingerprints);

-- name: unsettled_replies
SELECT request_sha256, body
FROM codeio.teacher_reply
WHERE body IS NOT NULL AND received_at < cast(:before AS timestamptz)
ORDER BY received_at
LIMIT :most;

-- name: settle_replies
SELECT codeio.settle_replies(cast(:requests AS text[]), cast(:blobs AS text[]));

-- name: keep_reply
INSERT INTO codeio.teacher_reply (request_sha256, body, latency_ms, request_id, cost_usd, stage_run_id)
VALUES (:request_sha256, :body, :latency_ms, :request_id, :cost_usd, :stage_run_id)
ON CONFLICT DO NOTHING;

-- name: spend
WITH added AS (
    INSERT INTO codeio.teacher_spending AS spending (period, cost_usd)
    VALUES ('run ' || :run_id, :cost_usd),
        ('month ' || to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM'), :cost_usd)
    ON CONFLICT (period) DO UPDATE SET cost_usd = spending.cost_usd + excluded.cost_usd
    RETURNING spending.period, spending.cost_usd
)

SELECT max(cost_usd) FILTER (WHERE period LIKE 'run %') AS run,
    max(cost_usd) FILTER (WHERE period LIKE 'month %') AS month
FROM added;

-- name: superseded
SELECT exists(
    SELECT FROM codeio.stage_run
    WHERE dag_id = :dag_id AND run_id = :run_id AND task_id = :task_id AND map_index = :map_index
        AND try_number > :try_number
);

-- name: reserve
INSERT INTO codeio.teacher_pace AS pace (teacher, next_request_at, next_tokens_at, cool_until)
VALUES (
    :teacher, clock_timestamp() + make_interval(secs => :requests_s),
    clock_timestamp() + make_interval(secs => :tokens_s), clock_timestamp()
)
ON CONFLICT (teacher) DO UPDATE SET
    next_request_at = greatest(pace.next_request_at, clock_timestamp()) + make_interval(secs => :requests_s),
    next_tokens_at = greatest(pace.next_tokens_at, clock_timestamp()) + make_interval(secs => :tokens_s)
RETURNING extract(EPOCH FROM greatest(
    pace.next_request_at - make_interval(secs => :requests_s),
    pace.next_tokens_at - make_interval(secs => :tokens_s),
    pace.cool_until
) - clock_timestamp());

-- name: cool_down
INSERT INTO codeio.teacher_pace AS pace (teacher, next_request_at, next_tokens_at, cool_until)
VALUES (
    :teacher, clock_timestamp(), clock_timestamp(), clock_timestamp() + make_interval(secs => :seconds)
)
ON CONFLICT (teacher) DO UPDATE SET cool_until = greatest(pace.cool_until, excluded.cool_until);

-- name: cooling
SELECT extract(EPOCH FROM cool_until - clock_timestamp()) AS seconds
FROM codeio.teacher_pace
WHERE teacher = :teacher;

-- name: given_up
SELECT subject_id
FROM codeio.teacher_call
WHERE purpose = :purpose AND teacher_id = :teacher_id AND outcome = 'unavailable' AND subject_id = any(:subjects)
GROUP BY subject_id
HAVING count(*) >= :tries;

-- name: open_batches
SELECT batch_id FROM codeio.teacher_batch
WHERE teacher = :teacher AND purpose = :purpose AND collected_at IS NULL
ORDER BY submitted_at, batch_id;

-- name: worst_cost_of_open_batches
SELECT coalesce(sum(worst_usd), 0) FROM codeio.teacher_batch WHERE collected_at IS NULL;

-- name: last_batch
SELECT status, requests FROM codeio.teacher_batch
WHERE teacher = :teacher AND purpose = :purpose AND collected_at IS NOT NULL
ORDER BY collected_at DESC, submitted_at DESC, batch_id DESC
LIMIT 1;

-- name: batched
-- A batch that failed as a whole tried none of its requests.
SELECT request_sha256,
    count(*) FILTER (WHERE teacher_batch.status <> 'failed') AS batches,
    bool_or(teacher_batch.collected_at IS NULL) AS waiting
FROM codeio.teacher_batch_request
INNER JOIN codeio.teacher_batch USING (batch_id)
WHERE request_sha256 = any(:fingerprints)
GROUP BY request_sha256;

-- name: add_batch
INSERT INTO codeio.teacher_batch (batch_id, teacher, purpose, requests, stage_run_id, status, worst_usd)
VALUES (:batch_id, :teacher, :purpose, :requests, :stage_run_id, :status, :worst_usd);

-- name: add_batch_requests
INSERT INTO codeio.teacher_batch_request (batch_id, request_sha256)
SELECT cast(:batch_id AS text) AS batch_id, unnest(cast(:fingerprints AS text[])) AS request_sha256;

-- name: close_batch
UPDATE codeio.teacher_batch SET status = :status, collected_at = now() WHERE batch_id = :batch_id;

-- name: fail_batch_request
UPDATE codeio.teacher_batch_request SET failure = :failure
WHERE batch_id = :batch_id AND request_sha256 = :request_sha256;

-- name: unanswered_of_batch
UPDATE codeio.teacher_batch_request SET failure = 'no reply in the batch'
WHERE batch_id = :batch_id AND failure IS NULL AND NOT EXISTS (
    SELECT FROM codeio.teacher_reply WHERE teacher_reply.request_sha256 = teacher_batch_request.request_sha256
);

-- name: mean_reply
SELECT avg(teacher_call.completion_tokens)
FROM codeio.teacher_call
INNER JOIN codeio.teacher USING (teacher_id)
WHERE teacher_call.purpose = :purpose AND teacher.model = :model AND teacher_call.completion_tokens > 0;

-- name: scores
SELECT score.teacher_id, codeio.teacher_name(mine) AS teacher, score.other_teacher_id,
    codeio.teacher_name(other) AS other_teacher, score.direction, score.prompts, score.right_at_first,
    score.right_in_the_end, score.only_right, score.prompt_tokens, score.completion_tokens,
    cast(score.cost_usd AS double precision) AS cost_usd,
    cast(score.cost_per_right_usd AS double precision) AS cost_per_right_usd
FROM codeio.compare_teachers(cast(:upto AS uuid)) AS score
INNER JOIN codeio.teacher AS mine ON mine.teacher_id = score.teacher_id
INNER JOIN codeio.teacher AS other ON other.teacher_id = score.other_teacher_id
ORDER BY teacher, score.teacher_id, other_teacher, score.other_teacher_id, score.direction;

-- name: answered
SELECT cast(coalesce(sum(stage_run_tally.rows), 0) AS bigint)
FROM codeio.stage_run_tally
WHERE stage_run_tally.stage = 'answer' AND stage_run_tally.outcome = 'passed';

-- name: another_has_answered
-- Whether a model of another id than this one has answered anything.
SELECT count(*) > 0
FROM codeio.teacher
WHERE teacher.kind <> 'offline-trace' AND teacher.model <> :model
    AND EXISTS (SELECT FROM codeio.response WHERE response.teacher_id = teacher.teacher_id);

-- name: answers_since
-- When the first run began in which a teacher was to answer; this run, where it was in none before.
SELECT coalesce(
    (SELECT since FROM codeio.answering_teacher WHERE teacher_id = :teacher_id),
    (SELECT min(started_at) FROM codeio.stage_run WHERE dag_id = :dag_id AND run_id = :run_id),
    now()
);

-- name: plan_answers
WITH counted AS (
    SELECT coalesce(sum(rows) FILTER (WHERE stage = 'prompt' AND outcome = 'passed'), 0)
        - coalesce(sum(subjects) FILTER (
            WHERE stage = 'answer' AND outcome IN ('passed', 'dropped')
                AND (teacher_id IS NULL OR teacher_id = :teacher_id)
        ), 0) AS open_to_it
    FROM codeio.stage_run_tally
)
INSERT INTO codeio.answering_teacher (teacher_id, since, planned_at, left_out)
SELECT plan.*, clock_timestamp() AS planned_at, greatest(counted.open_to_it - :waiting, 0) AS left_out
FROM counted
CROSS JOIN (VALUES (cast(:teacher_id AS uuid), cast(:since AS timestamptz))) AS plan (teacher_id, since)
ON CONFLICT (teacher_id) DO UPDATE SET planned_at = excluded.planned_at, left_out = excluded.left_out;

-- name: known
-- Its model as releases and recipes name it.
SELECT teacher_id, kind, codeio.released_name(model) AS model, codeio.teacher_name(teacher) AS name
FROM codeio.teacher
ORDER BY name, teacher_id;

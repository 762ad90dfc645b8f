-- Generated facts for benchmarks/pages.py: one statement a table, through the triggers.
INSERT INTO codeio.stage_run (
    stage_run_id, stage, dag_id, run_id, task_id, map_index, try_number, code_version, settings_sha256,
    sandbox_image_digest, started_at
)
SELECT md5('run' || n || stage)::uuid, stage, dag_id, 'scheduled__' || n, stage, n % 8, 1, 'bench', 'bench',
    CASE WHEN stage IN ('sample', 'verify') THEN 'sha256:' || md5((n / 100)::text) END, now() - (n || ' hours')::interval
FROM generate_series(0, :runs - 1) AS n
CROSS JOIN (VALUES ('ingest', 'ingest_code'), ('transform', 'build_programs'), ('sample', 'build_programs'), ('prompt', 'answer_prompts'),
    ('answer', 'answer_prompts'), ('verify', 'answer_prompts'), ('revise', 'answer_prompts'), ('promote', 'release_dataset')) AS stages (stage, dag_id);

INSERT INTO codeio.source (source_id, kind, locator, licence)
SELECT md5('source' || n)::uuid, 'pypi', 'package-' || n, 'MIT' FROM generate_series(0, 99) AS n;

INSERT INTO codeio.teacher
SELECT md5('teacher' || n)::uuid, 'api-model', 'model-' || n, '1', 'example.org', md5('run0answer')::uuid FROM generate_series(0, 3) AS n;

INSERT INTO codeio.blob
SELECT encode(sha256(('file' || n)::bytea), 'hex'), 'packs/x', n, 100, 100, md5('run' || n % :runs || 'ingest')::uuid
FROM generate_series(0, :programs - 1) AS n;

INSERT INTO codeio.raw_file
SELECT md5('file' || n)::uuid, encode(sha256(('file' || n)::bytea), 'hex'), 'python', 100, md5('run' || n % :runs || 'ingest')::uuid
FROM generate_series(0, :programs - 1) AS n;

INSERT INTO codeio.raw_file_origin (origin_id, raw_file_id, source_id, version, path, licence, stage_run_id)
SELECT md5('origin' || n)::uuid, md5('file' || n)::uuid, md5('source' || n % 100)::uuid, '1.0', 'package/module/path_' || n % 5000 || '.py', 'MIT',
    md5('run' || n % :runs || 'ingest')::uuid
FROM generate_series(0, :programs - 1) AS n;

INSERT INTO codeio.tree_change (place_id, source_id, part, path, origin_id, stage_run_id)
SELECT md5('place' || n)::uuid, md5('source' || n % 100)::uuid, '', 'package/module/path_' || n % 5000 || '.py',
    md5('origin' || n)::uuid, md5('run' || n % :runs || 'ingest')::uuid
FROM generate_series(0, :programs - 1) AS n;

INSERT INTO codeio.teacher_call
SELECT md5('call' || n)::uuid, md5('teacher' || n % 4)::uuid, 'answer', md5('prompt' || n / 2 * 2)::uuid, 'template', '{}', 'ok', 'stop', 700, 400,
    0.0004, 900, '', md5('run' || n % :runs || 'answer')::uuid
FROM generate_series(0, :rows - 1) AS n;

INSERT INTO codeio.program
SELECT md5('program' || n)::uuid, md5('file' || n)::uuid, 'python', 'function_' || n % 2000, repeat('def f(x): return x' || chr(10), 20), 'generator',
    'an integer', 'What does the function return for the number ' || n || '?', '{}', md5('call' || n)::uuid, md5('run' || n % :runs || 'transform')::uuid
FROM generate_series(0, :programs - 1) AS n;

INSERT INTO codeio.io_pair
SELECT md5('pair' || n)::uuid, md5('program' || n / 10)::uuid, n % 10, '{"x": 1}', n::text, '1', n::text, exp(random() * 6 - 3),
    md5('run' || n % :runs || 'sample')::uuid
FROM generate_series(0, :rows - 1) AS n;

INSERT INTO codeio.prompt
SELECT md5('prompt' || n)::uuid, md5('pair' || n)::uuid, CASE n / 2 % 2 WHEN 0 THEN 'input' ELSE 'output' END, 'template', repeat('prompt ', 60),
    md5('run' || n % :runs || 'prompt')::uuid
FROM generate_series(0, :rows - 1) AS n;

-- Two teachers answer every other prompt, so that there is something to compare.
INSERT INTO codeio.response
SELECT md5('response' || n)::uuid, md5('prompt' || n / 2 * 2)::uuid, 1, 0, md5('teacher' || n % 4)::uuid, repeat('because ', 60), '', '{}', md5('call' || n)::uuid,
    md5('run' || n % :runs || 'answer')::uuid
FROM generate_series(0, :rows - 1) AS n;

INSERT INTO codeio.verdict
SELECT md5('verdict' || n)::uuid, md5('response' || n)::uuid, '1',
    CASE WHEN n % 2 = 0 THEN 'correct' WHEN n % 100001 = 77 THEN 'memory_limit' WHEN n % 997 = 1 THEN 'timeout' ELSE 'wrong' END,
    '1', NULL, '', '', 'feedback', md5('run' || n % :runs || 'verify')::uuid
FROM generate_series(0, :rows - 1) AS n;

INSERT INTO codeio.sample
SELECT md5('sample' || n)::uuid, md5('prompt' || n / 2 * 2)::uuid, md5('verdict' || n)::uuid, NULL, md5('run' || n % :runs || 'promote')::uuid
FROM generate_series(0, :rows - 1) AS n;

INSERT INTO codeio.drop_record (
    drop_record_id, stage, subject_id, reason, detail, source_id, stage_run_id, dropped_at
)
SELECT md5('drop' || n)::uuid, 'ingest', md5('dropped' || n)::uuid, CASE WHEN n % 100003 = 5 THEN 'secret' WHEN n % 3 = 0 THEN 'too_small' ELSE 'duplicate' END,
    'pypi:package-1 x.py: of another', md5('source' || n % 100)::uuid, md5('run' || n % :runs || 'ingest')::uuid, now()
FROM generate_series(0, :rows - 1) AS n;

INSERT INTO codeio.release (
    release_id, name, version, recipe, content_sha256, status, samples, uri, created_at, published_at, stage_run_id
)
SELECT md5('release' || n)::uuid, 'codeio', n, '{"name": "codeio"}', n::text, 'candidate', :rows, '', now() - (n || ' days')::interval, NULL,
    md5('run0promote')::uuid
FROM generate_series(1, 2) AS n;

INSERT INTO codeio.release_sample (release_id, sample_id, split)
SELECT md5('release' || version)::uuid, md5('sample' || n)::uuid, 'train'
FROM generate_series(0, :rows - 1) AS n CROSS JOIN (VALUES (1), (2)) AS versions (version) WHERE version = 1 OR n % 2 = 0;

INSERT INTO codeio.gate_result (
    gate_result_id, release_id, gate, passed, metric, value, threshold, evidence, judged_at, stage_run_id
)
SELECT md5(gate || version)::uuid, md5('release' || version)::uuid, gate, gate <> 'leakage', 'rows', cast(gate = 'leakage' AS integer), 0, '{"samples": ["a", "b"]}', now(),
    md5('run0promote')::uuid
FROM (VALUES ('integrity'), ('leakage'), ('duplicates')) AS gates (gate) CROSS JOIN (VALUES (1), (2)) AS versions (version);

VACUUM ANALYZE

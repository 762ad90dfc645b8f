-- Who writes: tries of tasks that wrote, and tries that failed.
-- The roles codeio_app and codeio_auditor exist before this runs; views/90_grants.sql says what they may do.

CREATE SCHEMA codeio;
COMMENT ON SCHEMA codeio IS 'Facts, releases and lineage of codeio-ops.';

CREATE TABLE codeio.schema_file (
    path text CONSTRAINT schema_file_pk PRIMARY KEY,
    sha256 text NOT NULL,
    run_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE codeio.schema_file IS 'The SQL files that made this schema. See docs/decisions/0002.';
COMMENT ON COLUMN codeio.schema_file.path IS 'Path below sql/.';
COMMENT ON COLUMN codeio.schema_file.sha256 IS 'sha256 of its content, in hex.';
COMMENT ON COLUMN codeio.schema_file.run_at IS 'When it was run.';

CREATE TABLE codeio.stage_run (
    stage_run_id uuid CONSTRAINT stage_run_pk PRIMARY KEY,
    stage text NOT NULL,
    dag_id text NOT NULL,
    run_id text NOT NULL,
    task_id text NOT NULL,
    map_index integer NOT NULL,
    try_number integer NOT NULL,
    code_version text NOT NULL,
    settings_sha256 text NOT NULL,
    sandbox_image_digest text,
    partition_key text NOT NULL DEFAULT '',
    started_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX stage_run_partition_key ON codeio.stage_run (partition_key);
CREATE INDEX stage_run_started_at ON codeio.stage_run (started_at);
CREATE INDEX stage_run_run ON codeio.stage_run (dag_id, run_id);
COMMENT ON TABLE codeio.stage_run IS
'One try of one task that wrote something. Every fact names the one that wrote it.';
COMMENT ON COLUMN codeio.stage_run.stage_run_id IS 'Derived from the Airflow ids and the try.';
COMMENT ON COLUMN codeio.stage_run.stage IS
'Stage of the pipeline, or canary (attacks the sandbox), takedown or maintenance.';
COMMENT ON COLUMN codeio.stage_run.dag_id IS 'Airflow DAG, or cli when started from a shell.';
COMMENT ON COLUMN codeio.stage_run.run_id IS 'Airflow DAG run.';
COMMENT ON COLUMN codeio.stage_run.task_id IS 'Airflow task.';
COMMENT ON COLUMN codeio.stage_run.map_index IS 'Index of the mapped task, -1 when it is not mapped.';
COMMENT ON COLUMN codeio.stage_run.try_number IS 'Try of the task, from 1.';
COMMENT ON COLUMN codeio.stage_run.code_version IS 'Version of codeio-ops that ran.';
COMMENT ON COLUMN codeio.stage_run.settings_sha256 IS
'Fingerprint of the settings that decide results; secrets and addresses are not among them.';
COMMENT ON COLUMN codeio.stage_run.sandbox_image_digest IS
'Digest of the sandbox image in use; null where the stage runs no program.';
COMMENT ON COLUMN codeio.stage_run.partition_key IS
'Night (YYYY-MM-DD, UTC) that an ingest run belongs to; empty where runs are not by night.';
COMMENT ON COLUMN codeio.stage_run.started_at IS 'When the try wrote its first row.';

CREATE TABLE codeio.task_failure (
    task_failure_id uuid CONSTRAINT task_failure_pk PRIMARY KEY,
    dag_id text NOT NULL,
    run_id text NOT NULL,
    task_id text NOT NULL,
    map_index integer NOT NULL,
    try_number integer NOT NULL,
    error text NOT NULL,
    cause text NOT NULL,
    cure text NOT NULL,
    final boolean NOT NULL,
    failed_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX task_failure_run ON codeio.task_failure (dag_id, run_id);
CREATE INDEX task_failure_failed_at ON codeio.task_failure (failed_at);
COMMENT ON TABLE codeio.task_failure IS 'Why a try of a task failed, in one line, and what to do about it.';
COMMENT ON COLUMN codeio.task_failure.task_failure_id IS 'Derived from the Airflow ids, the try and the error.';
COMMENT ON COLUMN codeio.task_failure.dag_id IS 'Airflow DAG.';
COMMENT ON COLUMN codeio.task_failure.run_id IS 'Airflow DAG run.';
COMMENT ON COLUMN codeio.task_failure.task_id IS 'Airflow task; empty when a deadline passed.';
COMMENT ON COLUMN codeio.task_failure.map_index IS 'Index of the mapped task, -1 when it is not mapped.';
COMMENT ON COLUMN codeio.task_failure.try_number IS 'Try of the task, from 1.';
COMMENT ON COLUMN codeio.task_failure.error IS 'Class of the error.';
COMMENT ON COLUMN codeio.task_failure.cause IS 'Its first line.';
COMMENT ON COLUMN codeio.task_failure.cure IS 'What to do about it; empty when nobody knows.';
COMMENT ON COLUMN codeio.task_failure.final IS 'Whether the task failed for good: false when it will be tried again.';
COMMENT ON COLUMN codeio.task_failure.failed_at IS 'When.';

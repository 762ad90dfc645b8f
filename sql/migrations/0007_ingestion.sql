-- Sources of more kinds with settings of their own, near-duplicates, nights, retention.

ALTER TABLE codeio.source DROP CONSTRAINT source_kind;
ALTER TABLE codeio.source ADD CONSTRAINT source_kind
CHECK (kind IN ('directory', 'git', 'pypi', 'jsonl', 'parquet', 's3'));
ALTER TABLE codeio.source
ADD COLUMN settings json NOT NULL DEFAULT '{}',
ADD COLUMN removed boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN codeio.source.kind IS 'Reader: directory, git, pypi, jsonl, parquet or s3.';
COMMENT ON COLUMN codeio.source.locator IS 'Path, URL, s3:// address, or package with the versions wanted (name==version).';
COMMENT ON COLUMN codeio.source.settings IS 'What differs from the defaults: filters, columns, git history.';
COMMENT ON COLUMN codeio.source.removed IS 'Whether it was removed: it is kept because its files name it, and is never read again.';
GRANT UPDATE (settings, removed) ON codeio.source TO codeio_app;

ALTER TABLE codeio.raw_file_origin ADD COLUMN repository text NOT NULL DEFAULT '';
COMMENT ON COLUMN codeio.raw_file_origin.repository IS 'Repository or package of the file, where the source names one.';
CREATE INDEX raw_file_origin_repository ON codeio.raw_file_origin (repository);

ALTER TABLE codeio.stage_run ADD COLUMN partition_key text NOT NULL DEFAULT '';
COMMENT ON COLUMN codeio.stage_run.partition_key IS 'Night (YYYY-MM-DD, UTC) that an ingest run belongs to; empty where runs are not by night.';
CREATE INDEX stage_run_partition_key ON codeio.stage_run (partition_key);

CREATE TABLE codeio.dedup_result (
    subject_id uuid NOT NULL,
    spec text NOT NULL,
    subject_kind text NOT NULL CONSTRAINT dedup_result_kind CHECK (subject_kind IN ('raw_file', 'program')),
    code_sha256 text NOT NULL,
    shingles integer NOT NULL,
    cluster_id uuid NOT NULL,
    matched_id uuid,
    similarity double precision,
    stage_run_id uuid NOT NULL CONSTRAINT dedup_result_stage_run_fk REFERENCES codeio.stage_run,
    CONSTRAINT dedup_result_pk PRIMARY KEY (subject_id, spec),
    CONSTRAINT dedup_result_match CHECK ((matched_id IS NULL) = (cluster_id = subject_id)),
    CONSTRAINT dedup_result_similarity CHECK ((matched_id IS NULL) = (similarity IS NULL))
);
CREATE INDEX dedup_result_code ON codeio.dedup_result (code_sha256, subject_kind, spec);
CREATE INDEX dedup_result_cluster ON codeio.dedup_result (cluster_id);
COMMENT ON TABLE codeio.dedup_result IS 'To which cluster of near-duplicates a raw file or program belongs. A row matches survivors only, so a cluster is a star.';
COMMENT ON COLUMN codeio.dedup_result.subject_id IS 'The raw file or program.';
COMMENT ON COLUMN codeio.dedup_result.spec IS 'Version of the signature spec (docs/decisions/0040).';
COMMENT ON COLUMN codeio.dedup_result.subject_kind IS 'raw_file or program.';
COMMENT ON COLUMN codeio.dedup_result.code_sha256 IS 'sha256 of the code without comments and spaces.';
COMMENT ON COLUMN codeio.dedup_result.shingles IS 'Distinct shingles; below 24 only code_sha256 is compared.';
COMMENT ON COLUMN codeio.dedup_result.cluster_id IS 'The survivor that stands for the cluster; its own id when it is the survivor.';
COMMENT ON COLUMN codeio.dedup_result.matched_id IS 'The survivor it matched; null when it survives.';
COMMENT ON COLUMN codeio.dedup_result.similarity IS 'Jaccard similarity of the shingles, 1 for equal code; null when it survives.';
COMMENT ON COLUMN codeio.dedup_result.stage_run_id IS 'Who wrote it.';

CREATE TABLE codeio.dedup_segment (
    segment_key text CONSTRAINT dedup_segment_pk PRIMARY KEY,
    subject_kind text NOT NULL,
    spec text NOT NULL,
    rows integer NOT NULL,
    stage_run_id uuid NOT NULL CONSTRAINT dedup_segment_stage_run_fk REFERENCES codeio.stage_run
);
COMMENT ON TABLE codeio.dedup_segment IS 'A Parquet file in S3 with the band keys of survivors. Only segments listed here count.';
COMMENT ON COLUMN codeio.dedup_segment.segment_key IS 'Key of the object in the bucket.';
COMMENT ON COLUMN codeio.dedup_segment.subject_kind IS 'raw_file or program.';
COMMENT ON COLUMN codeio.dedup_segment.spec IS 'Version of the signature spec.';
COMMENT ON COLUMN codeio.dedup_segment.rows IS 'Survivors in it.';
COMMENT ON COLUMN codeio.dedup_segment.stage_run_id IS 'Who wrote it.';

CREATE VIEW codeio.pending_dedup AS
SELECT raw_file.raw_file_id, raw_file.language, raw_file.blob_sha256
FROM codeio.raw_file
WHERE NOT EXISTS (
    SELECT FROM codeio.dedup_result WHERE dedup_result.subject_id = raw_file.raw_file_id
);
COMMENT ON VIEW codeio.pending_dedup IS 'Raw files that were not yet compared with all others.';

CREATE OR REPLACE VIEW codeio.pending_transform AS
SELECT raw_file.raw_file_id, raw_file.language, raw_file.blob_sha256
FROM codeio.raw_file
WHERE NOT EXISTS (
    SELECT FROM codeio.program WHERE program.raw_file_id = raw_file.raw_file_id
) AND NOT EXISTS (
    SELECT FROM codeio.drop_record
    WHERE drop_record.stage IN ('dedup', 'transform') AND drop_record.subject_id = raw_file.raw_file_id
);
COMMENT ON VIEW codeio.pending_transform IS 'Raw files without a program and without a reason for having none.';

GRANT SELECT, INSERT ON codeio.dedup_result, codeio.dedup_segment TO codeio_app;
GRANT SELECT ON codeio.dedup_result, codeio.dedup_segment, codeio.pending_dedup TO codeio_auditor;
GRANT SELECT ON codeio.pending_dedup TO codeio_app;

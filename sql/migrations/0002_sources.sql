-- From sources to distinct raw files, and which of them say the same.

CREATE TABLE codeio.source (
    source_id uuid CONSTRAINT source_pk PRIMARY KEY,
    kind text NOT NULL CONSTRAINT source_kind
        CHECK (kind IN ('directory', 'git', 'pypi', 'jsonl', 'parquet', 's3')),
    locator text NOT NULL,
    licence text NOT NULL,
    settings json NOT NULL DEFAULT '{}',
    paused boolean NOT NULL DEFAULT false,
    removed boolean NOT NULL DEFAULT false,
    cursor_value text NOT NULL DEFAULT '',
    added_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT source_locator UNIQUE (kind, locator)
);
COMMENT ON TABLE codeio.source IS 'Where raw files come from.';
COMMENT ON COLUMN codeio.source.source_id IS 'Derived from kind and locator.';
COMMENT ON COLUMN codeio.source.kind IS 'Reader: directory, git, pypi, jsonl, parquet or s3.';
COMMENT ON COLUMN codeio.source.locator IS
'Path, URL, s3:// address, or package with the versions wanted (name==version).';
COMMENT ON COLUMN codeio.source.licence IS
'SPDX id stated when the source was added; empty means the reader finds it out.';
COMMENT ON COLUMN codeio.source.settings IS 'What differs from the defaults: filters, columns, git history.';
COMMENT ON COLUMN codeio.source.paused IS 'Whether the nightly run skips it.';
COMMENT ON COLUMN codeio.source.removed IS
'Whether it was removed: it is kept because its files name it, and is never read again.';
COMMENT ON COLUMN codeio.source.cursor_value IS
'How far the source was read; written only after its files are durable.';
COMMENT ON COLUMN codeio.source.added_at IS 'When it was added.';

CREATE TABLE codeio.blob (
    sha256 text CONSTRAINT blob_pk PRIMARY KEY CONSTRAINT blob_sha256_hex CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    pack_key text NOT NULL,
    pack_offset bigint NOT NULL,
    pack_bytes integer NOT NULL,
    size_bytes integer NOT NULL,
    stage_run_id uuid NOT NULL CONSTRAINT blob_stage_run_fk REFERENCES codeio.stage_run
);
COMMENT ON TABLE codeio.blob IS 'Where a text lies in S3: a zstd frame inside a pack.';
COMMENT ON COLUMN codeio.blob.sha256 IS 'sha256 of the uncompressed bytes, in hex.';
COMMENT ON COLUMN codeio.blob.pack_key IS 'Key of the pack object in the bucket.';
COMMENT ON COLUMN codeio.blob.pack_offset IS 'First byte of the frame in the pack.';
COMMENT ON COLUMN codeio.blob.pack_bytes IS 'Length of the compressed frame.';
COMMENT ON COLUMN codeio.blob.size_bytes IS 'Length of the uncompressed bytes.';
COMMENT ON COLUMN codeio.blob.stage_run_id IS 'Who wrote it.';

CREATE TABLE codeio.raw_file (
    raw_file_id uuid CONSTRAINT raw_file_pk PRIMARY KEY,
    blob_sha256 text NOT NULL CONSTRAINT raw_file_blob_fk REFERENCES codeio.blob
        CONSTRAINT raw_file_blob UNIQUE,
    language text NOT NULL,
    size_bytes integer NOT NULL,
    stage_run_id uuid NOT NULL CONSTRAINT raw_file_stage_run_fk REFERENCES codeio.stage_run
);
COMMENT ON TABLE codeio.raw_file IS 'A distinct source file that passed the filters.';
COMMENT ON COLUMN codeio.raw_file.raw_file_id IS 'Derived from the sha256 of its bytes.';
COMMENT ON COLUMN codeio.raw_file.blob_sha256 IS 'Its content.';
COMMENT ON COLUMN codeio.raw_file.language IS 'Programming language.';
COMMENT ON COLUMN codeio.raw_file.size_bytes IS 'Length of the content.';
COMMENT ON COLUMN codeio.raw_file.stage_run_id IS 'Who wrote it.';

CREATE TABLE codeio.raw_file_origin (
    origin_id uuid CONSTRAINT raw_file_origin_pk PRIMARY KEY,
    raw_file_id uuid NOT NULL CONSTRAINT raw_file_origin_raw_file_fk REFERENCES codeio.raw_file,
    source_id uuid NOT NULL CONSTRAINT raw_file_origin_source_fk REFERENCES codeio.source,
    version text NOT NULL,
    path text NOT NULL,
    licence text NOT NULL,
    author text NOT NULL DEFAULT '',
    repository text NOT NULL DEFAULT '',
    stage_run_id uuid NOT NULL CONSTRAINT raw_file_origin_stage_run_fk REFERENCES codeio.stage_run
);
CREATE INDEX raw_file_origin_raw_file ON codeio.raw_file_origin (raw_file_id);
CREATE INDEX raw_file_origin_source ON codeio.raw_file_origin (source_id);
CREATE INDEX raw_file_origin_repository ON codeio.raw_file_origin (repository);
COMMENT ON TABLE codeio.raw_file_origin IS 'A place where a raw file was seen; one file may have many.';
COMMENT ON COLUMN codeio.raw_file_origin.origin_id IS 'Derived from source, version, path and sha256.';
COMMENT ON COLUMN codeio.raw_file_origin.raw_file_id IS 'The file.';
COMMENT ON COLUMN codeio.raw_file_origin.source_id IS 'The source.';
COMMENT ON COLUMN codeio.raw_file_origin.version IS 'Version of the source (package version); empty when it has none.';
COMMENT ON COLUMN codeio.raw_file_origin.path IS 'Path inside the source.';
COMMENT ON COLUMN codeio.raw_file_origin.licence IS 'SPDX id, or NOASSERTION.';
COMMENT ON COLUMN codeio.raw_file_origin.author IS
'Who wrote it, as the source states it: names and addresses; empty when it does not.';
COMMENT ON COLUMN codeio.raw_file_origin.repository IS 'Repository or package of the file, where the source names one.';
COMMENT ON COLUMN codeio.raw_file_origin.stage_run_id IS 'Who wrote it.';

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
    CONSTRAINT dedup_result_match CHECK (num_nulls(matched_id) = (cluster_id = subject_id)::integer),
    CONSTRAINT dedup_result_similarity CHECK (num_nulls(matched_id) = num_nulls(similarity))
);
CREATE INDEX dedup_result_code ON codeio.dedup_result (code_sha256, subject_kind, spec);
CREATE INDEX dedup_result_cluster ON codeio.dedup_result (cluster_id);
COMMENT ON TABLE codeio.dedup_result IS
'To which cluster of near-duplicates a raw file or program belongs. A row matches survivors only, so a cluster is a '
'star.';
COMMENT ON COLUMN codeio.dedup_result.subject_id IS 'The raw file or program.';
COMMENT ON COLUMN codeio.dedup_result.spec IS 'Version of the signature spec (docs/decisions/0040).';
COMMENT ON COLUMN codeio.dedup_result.subject_kind IS 'raw_file or program.';
COMMENT ON COLUMN codeio.dedup_result.code_sha256 IS 'sha256 of the code without comments and spaces.';
COMMENT ON COLUMN codeio.dedup_result.shingles IS 'Distinct shingles; below 24 only code_sha256 is compared.';
COMMENT ON COLUMN codeio.dedup_result.cluster_id IS
'The survivor that stands for the cluster; its own id when it is the survivor.';
COMMENT ON COLUMN codeio.dedup_result.matched_id IS 'The survivor it matched; null when it survives.';
COMMENT ON COLUMN codeio.dedup_result.similarity IS
'Jaccard similarity of the shingles, 1 for equal code; null when it survives.';
COMMENT ON COLUMN codeio.dedup_result.stage_run_id IS 'Who wrote it.';

CREATE TABLE codeio.dedup_segment (
    segment_key text CONSTRAINT dedup_segment_pk PRIMARY KEY,
    subject_kind text NOT NULL,
    spec text NOT NULL,
    rows integer NOT NULL,
    stage_run_id uuid NOT NULL CONSTRAINT dedup_segment_stage_run_fk REFERENCES codeio.stage_run
);
COMMENT ON TABLE codeio.dedup_segment IS
'A Parquet file in S3 with the band keys of survivors. Only segments listed here count.';
COMMENT ON COLUMN codeio.dedup_segment.segment_key IS 'Key of the object in the bucket.';
COMMENT ON COLUMN codeio.dedup_segment.subject_kind IS 'raw_file or program.';
COMMENT ON COLUMN codeio.dedup_segment.spec IS 'Version of the signature spec.';
COMMENT ON COLUMN codeio.dedup_segment.rows IS 'Survivors in it.';
COMMENT ON COLUMN codeio.dedup_segment.stage_run_id IS 'Who wrote it.';

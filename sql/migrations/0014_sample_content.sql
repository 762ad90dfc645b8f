-- What the texts of samples are, as hashes: the content of a release is computed of them, and no text is read again.

CREATE TABLE codeio.sample_content (
    sample_id uuid NOT NULL CONSTRAINT sample_content_sample_fk REFERENCES codeio.sample,
    definition_id uuid NOT NULL,
    text_sha256 bytea NOT NULL CONSTRAINT sample_content_text_sha256 CHECK (length(text_sha256) = 32),
    stage_run_id uuid NOT NULL CONSTRAINT sample_content_stage_run_fk REFERENCES codeio.stage_run,
    CONSTRAINT sample_content_pk PRIMARY KEY (sample_id, definition_id)
);
COMMENT ON TABLE codeio.sample_content IS
'What samples say, as hashes. What may change about them is not in it: the place that stands for the file, and its '
'licence.';
COMMENT ON COLUMN codeio.sample_content.sample_id IS 'The sample.';
COMMENT ON COLUMN codeio.sample_content.definition_id IS
'Derived from all that decides the hash: sources, and the view that gives the texts. With another all is hashed anew.';
COMMENT ON COLUMN codeio.sample_content.text_sha256 IS 'sha256 of the columns of codeio.sample_text that never change.';
COMMENT ON COLUMN codeio.sample_content.stage_run_id IS 'Who hashed it.';

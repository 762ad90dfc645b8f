-- What a place shows whose licence is not allowed: it counts where the same content is kept from another place.

ALTER TABLE codeio.drop_record
ADD COLUMN content_sha256 text,
ADD COLUMN licence text,
ADD CONSTRAINT drop_record_licence CHECK (num_nulls(content_sha256, licence) IN (0, 2));
CREATE INDEX drop_record_content ON codeio.drop_record (content_sha256) WHERE content_sha256 IS NOT NULL;
COMMENT ON COLUMN codeio.drop_record.content_sha256 IS
'Of a file that ingest refuses for its licence: sha256 of its content, in hex.';
COMMENT ON COLUMN codeio.drop_record.licence IS 'The licence that it is refused for.';

UPDATE codeio.drop_record
SET content_sha256 = substring(detail FROM '\(([0-9a-f]{64})\): .* is not allowed$'),
    licence = substring(detail FROM '\([0-9a-f]{64}\): (.*) is not allowed$')
WHERE stage = 'ingest' AND reason = 'licence';

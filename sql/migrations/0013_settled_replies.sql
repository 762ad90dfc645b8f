-- Replies that are settled lie in packs, as the texts of files do: what is said in them stands in facts.

ALTER TABLE codeio.teacher_reply
ALTER COLUMN body DROP NOT NULL,
ADD COLUMN blob_sha256 text CONSTRAINT teacher_reply_blob_fk REFERENCES codeio.blob,
ADD CONSTRAINT teacher_reply_in_one_place CHECK (num_nonnulls(body, blob_sha256) = 1);
COMMENT ON COLUMN codeio.teacher_reply.body IS
'The chat completion as it came, zstd-compressed; null once it lies in a pack.';
COMMENT ON COLUMN codeio.teacher_reply.blob_sha256 IS
'The blob that is its body; null until maintenance has moved it to a pack.';

-- For maintenance, which asks what is not settled yet, and whether a blob is referred to.
CREATE INDEX teacher_reply_unsettled_idx ON codeio.teacher_reply (received_at) WHERE body IS NOT NULL;
CREATE INDEX teacher_reply_blob_idx ON codeio.teacher_reply (blob_sha256) WHERE blob_sha256 IS NOT NULL;

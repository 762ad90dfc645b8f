"""Storage: facts in Postgres, texts and releases in S3."""

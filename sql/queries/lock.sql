-- Locks of a transaction, by name: they end with it.

-- name: take
SELECT pg_advisory_xact_lock(hashtextextended(:name, 0));

-- name: take_shared
SELECT pg_advisory_xact_lock_shared(hashtextextended(:name, 0));

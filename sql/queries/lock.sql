-- Locks of a session, by name: they outlive transactions, and end with the connection.

-- name: take
SELECT pg_advisory_lock(hashtextextended(:name, 0));

-- name: release
SELECT pg_advisory_unlock(hashtextextended(:name, 0));

-- name: take_shared
SELECT pg_advisory_lock_shared(hashtextextended(:name, 0));

-- name: release_shared
SELECT pg_advisory_unlock_shared(hashtextextended(:name, 0));

-- name: hold_packs
SELECT pg_advisory_xact_lock_shared(7502318);

-- name: hold_back_writers
SELECT pg_advisory_xact_lock(7502318);

-- Whether a sandbox image may run programs.

-- name: attacked
SELECT
    (SELECT max(checked_at) FROM codeio.sandbox_check WHERE image_digest = :image_digest) AS attacked_at,
    (SELECT min(started_at) FROM codeio.stage_run) AS begun_at;

-- name: escapes
SELECT escaped FROM codeio.current_sandbox_check
WHERE image_digest = :image_digest AND escapes > 0;

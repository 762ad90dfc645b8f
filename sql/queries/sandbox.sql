-- Whether a sandbox image may run programs.

-- name: escapes
SELECT escaped FROM codeio.current_sandbox_check
WHERE image_digest = :image_digest AND escapes > 0;

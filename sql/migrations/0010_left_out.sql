-- What releases leave out, takedowns of a path in one place, and takedowns that are undone.

CREATE TABLE codeio.release_left_out (
    release_id uuid NOT NULL CONSTRAINT release_left_out_release_fk REFERENCES codeio.release,
    sample_id uuid NOT NULL CONSTRAINT release_left_out_sample_fk REFERENCES codeio.sample,
    reason text NOT NULL,
    detail text NOT NULL,
    stage_run_id uuid NOT NULL CONSTRAINT release_left_out_stage_run_fk REFERENCES codeio.stage_run,
    CONSTRAINT release_left_out_pk PRIMARY KEY (release_id, sample_id)
);
COMMENT ON TABLE codeio.release_left_out IS
'Samples that a recipe takes and a release leaves out, because a gate would refuse them. A later assembly that comes '
'to the same release adds what it left out.';
COMMENT ON COLUMN codeio.release_left_out.release_id IS 'The release.';
COMMENT ON COLUMN codeio.release_left_out.sample_id IS 'The sample.';
COMMENT ON COLUMN codeio.release_left_out.reason IS 'Why: licence, leak, secret, personal_data, and the like.';
COMMENT ON COLUMN codeio.release_left_out.detail IS 'The case: what was found and where, never the words.';
COMMENT ON COLUMN codeio.release_left_out.stage_run_id IS 'Who left it out.';

ALTER TABLE codeio.takedown
ADD COLUMN place_kind text NOT NULL DEFAULT ''
CONSTRAINT takedown_place_kind CHECK (place_kind IN ('', 'repository', 'source')),
ADD COLUMN place text NOT NULL DEFAULT '',
ADD CONSTRAINT takedown_place CHECK ((place = '') = (place_kind = '')),
ADD CONSTRAINT takedown_place_of_path CHECK (place = '' OR kind = 'path'),
DROP CONSTRAINT takedown_once;
COMMENT ON COLUMN codeio.takedown.takedown_id IS
'Derived from kind, value and place, and from how often the same was undone before.';
COMMENT ON COLUMN codeio.takedown.place_kind IS
'Of a path: what place names, a repository or a source; empty when the path is meant wherever it is seen.';
COMMENT ON COLUMN codeio.takedown.place IS 'The repository or source; empty for every one.';

CREATE TABLE codeio.takedown_undo (
    takedown_id uuid CONSTRAINT takedown_undo_pk PRIMARY KEY
    CONSTRAINT takedown_undo_takedown_fk REFERENCES codeio.takedown,
    reason text NOT NULL,
    undone_at timestamptz NOT NULL DEFAULT now(),
    stage_run_id uuid NOT NULL CONSTRAINT takedown_undo_stage_run_fk REFERENCES codeio.stage_run
);
COMMENT ON TABLE codeio.takedown_undo IS
'Takedowns that no longer hold: later releases take what they named.';
COMMENT ON COLUMN codeio.takedown_undo.takedown_id IS 'The takedown.';
COMMENT ON COLUMN codeio.takedown_undo.reason IS 'Why, in the words of who undid it.';
COMMENT ON COLUMN codeio.takedown_undo.undone_at IS 'When.';
COMMENT ON COLUMN codeio.takedown_undo.stage_run_id IS 'Who undid it.';

-- Only a release that its gates let through is published, and from then on it stays as it is.

-- A view and not a table, so that nobody who writes facts can leave a gate out.
CREATE VIEW codeio.required_gate AS
SELECT gates.gate, gates.may_be_soft
FROM (
    VALUES
    ('determinism', FALSE),
    ('duplicates', FALSE),
    ('expectations', TRUE),
    ('information', TRUE),
    ('integrity', FALSE),
    ('leakage', FALSE),
    ('licences', FALSE),
    ('personal_data', TRUE),
    ('secrets', FALSE),
    ('splits', FALSE),
    ('verifier_self_test', FALSE)
) AS gates (gate, may_be_soft);
COMMENT ON VIEW codeio.required_gate IS 'The gates that must judge a release before it is published.';
COMMENT ON COLUMN codeio.required_gate.gate IS 'Name of the gate.';
COMMENT ON COLUMN codeio.required_gate.may_be_soft IS 'Whether a person may let a soft failure of it through.';

CREATE VIEW codeio.gate_standing AS
SELECT
    release.release_id, required_gate.gate,
    CASE
        WHEN latest.gate_result_id IS NULL THEN 'missing'
        WHEN latest.passed THEN 'passed'
        WHEN latest.severity = 'hard' OR NOT required_gate.may_be_soft THEN 'failed'
        WHEN ruling.approved IS NULL THEN 'undecided'
        WHEN ruling.approved THEN 'overridden'
        ELSE 'rejected'
    END AS standing
FROM codeio.release
CROSS JOIN codeio.required_gate
LEFT JOIN
    codeio.current_gate_result AS latest
ON latest.release_id = release.release_id AND latest.gate = required_gate.gate
LEFT JOIN LATERAL (
    SELECT gate_override.approved
    FROM codeio.gate_override
    WHERE gate_override.gate_result_id = latest.gate_result_id
    ORDER BY gate_override.decided_at DESC, gate_override.gate_override_id DESC
    LIMIT 1
) AS ruling ON TRUE;
COMMENT ON VIEW codeio.gate_standing IS
'How each required gate stands towards each release: passed and overridden let it through.';
COMMENT ON COLUMN codeio.gate_standing.release_id IS 'The release.';
COMMENT ON COLUMN codeio.gate_standing.gate IS 'The gate.';
COMMENT ON COLUMN codeio.gate_standing.standing IS
'By its latest result: missing, passed, or failed; of a soft failure undecided, '
'overridden or rejected, by the latest decision of a person.';

CREATE VIEW codeio.open_question AS
SELECT release.release_id, release.name, release.version, release.samples, undecided.gates, asked.since, asked.dag_id,
    asked.run_id
FROM codeio.release
CROSS JOIN LATERAL (
    SELECT string_agg(gate_standing.gate, ', ' ORDER BY gate_standing.gate) AS gates
    FROM codeio.gate_standing
    WHERE gate_standing.release_id = release.release_id AND gate_standing.standing = 'undecided'
) AS undecided
CROSS JOIN LATERAL (
    SELECT current_gate_result.judged_at AS since, stage_run.dag_id, stage_run.run_id
    FROM codeio.current_gate_result
    INNER JOIN codeio.stage_run USING (stage_run_id)
    WHERE current_gate_result.release_id = release.release_id
    ORDER BY current_gate_result.judged_at DESC, current_gate_result.gate_result_id
    LIMIT 1
) AS asked
WHERE release.status = 'candidate' AND undecided.gates IS NOT NULL AND NOT EXISTS (
    SELECT FROM codeio.gate_standing
    WHERE gate_standing.release_id = release.release_id
        AND gate_standing.standing IN ('missing', 'failed', 'rejected')
) AND NOT EXISTS (
    SELECT FROM codeio.release AS newer
    WHERE newer.name = release.name AND newer.version > release.version AND newer.status = 'published'
);
COMMENT ON VIEW codeio.open_question IS
'Candidates that wait for a person: only gates that may fail softly failed, nobody decided, and no newer version of '
'the name is published.';
COMMENT ON COLUMN codeio.open_question.release_id IS 'The candidate.';
COMMENT ON COLUMN codeio.open_question.gates IS 'The gates to decide about.';
COMMENT ON COLUMN codeio.open_question.since IS 'When the last gate judged.';
COMMENT ON COLUMN codeio.open_question.dag_id IS 'DAG of the run that asks.';
COMMENT ON COLUMN codeio.open_question.run_id IS 'The run that asks.';

CREATE FUNCTION codeio.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME;
END $$;
COMMENT ON FUNCTION codeio.refuse() IS 'Refuses what its trigger stands for, whoever does it.';

CREATE FUNCTION codeio.require_judgement() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    unmet text;
BEGIN
    SELECT string_agg(gate_standing.gate || ' ' || gate_standing.standing, ', ' ORDER BY gate_standing.gate) INTO unmet
    FROM codeio.gate_standing
    WHERE gate_standing.release_id = NEW.release_id AND gate_standing.standing NOT IN ('passed', 'overridden');
    IF OLD.status <> 'candidate' OR unmet IS NOT NULL THEN
        RAISE EXCEPTION 'its gates do not let this release through: %', coalesce(unmet, OLD.status)
            USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME;
    END IF;
    IF NEW.samples <> (SELECT count(*) FROM codeio.release_sample WHERE release_sample.release_id = NEW.release_id) THEN
        RAISE EXCEPTION 'this release holds another number of samples than it was assembled with'
            USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME;
    END IF;
    RETURN NEW;
END $$;
COMMENT ON FUNCTION codeio.require_judgement() IS
'Keeps a release from being published that a gate does not let through, or that is not as assembled.';

CREATE TRIGGER release_begins_as_candidate BEFORE INSERT ON codeio.release
FOR EACH ROW WHEN (new.status <> 'candidate') EXECUTE FUNCTION codeio.refuse('a release begins as a candidate');

CREATE TRIGGER release_is_what_was_assembled
BEFORE UPDATE OF release_id,
name,
version,
recipe,
content_sha256,
samples,
funnel,
teachers,
created_at,
stage_run_id ON codeio.release
FOR EACH ROW EXECUTE FUNCTION codeio.refuse('what a release is made of is set when it is assembled');

CREATE TRIGGER release_published_stays BEFORE UPDATE OR DELETE ON codeio.release
FOR EACH ROW WHEN (old.status = 'published') EXECUTE FUNCTION codeio.refuse('a published release never changes');

CREATE TRIGGER release_was_judged BEFORE UPDATE ON codeio.release
FOR EACH ROW WHEN (new.status = 'published') EXECUTE FUNCTION codeio.require_judgement();

CREATE FUNCTION codeio.refuse_after_publication() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ids uuid [];
BEGIN
    IF TG_TABLE_NAME = 'gate_override' THEN
        SELECT array_agg(DISTINCT gate_result.release_id) INTO ids
        FROM touched INNER JOIN codeio.gate_result USING (gate_result_id);
    ELSE
        SELECT array_agg(DISTINCT touched.release_id) INTO ids FROM touched;
    END IF;
    -- Waits for who is publishing, and lets nobody publish before this is committed.
    PERFORM FROM codeio.release WHERE release.release_id = any(ids) FOR SHARE;
    IF EXISTS (SELECT FROM codeio.release WHERE release.release_id = any(ids) AND release.status = 'published') THEN
        RAISE EXCEPTION 'what belongs to a published release never changes'
            USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME;
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION codeio.refuse_after_publication() IS
'Keeps samples, results and decisions of published releases as they were.';

CREATE TRIGGER release_sample_not_added AFTER INSERT ON codeio.release_sample REFERENCING NEW TABLE AS touched
FOR EACH STATEMENT EXECUTE FUNCTION codeio.refuse_after_publication();
CREATE TRIGGER release_sample_not_changed AFTER UPDATE ON codeio.release_sample REFERENCING OLD TABLE AS touched
FOR EACH STATEMENT EXECUTE FUNCTION codeio.refuse_after_publication();
CREATE TRIGGER release_sample_not_removed AFTER DELETE ON codeio.release_sample REFERENCING OLD TABLE AS touched
FOR EACH STATEMENT EXECUTE FUNCTION codeio.refuse_after_publication();
CREATE TRIGGER gate_result_not_added AFTER INSERT ON codeio.gate_result REFERENCING NEW TABLE AS touched
FOR EACH STATEMENT EXECUTE FUNCTION codeio.refuse_after_publication();
CREATE TRIGGER gate_override_not_added AFTER INSERT ON codeio.gate_override REFERENCING NEW TABLE AS touched
FOR EACH STATEMENT EXECUTE FUNCTION codeio.refuse_after_publication();

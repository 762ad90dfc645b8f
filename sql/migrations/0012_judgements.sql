-- What a judge has read or run and found nothing in: no later release reads or runs it again.

CREATE TABLE codeio.judge (
    judge_id uuid CONSTRAINT judge_pk PRIMARY KEY,
    name text NOT NULL,
    version text NOT NULL,
    stage_run_id uuid NOT NULL CONSTRAINT judge_stage_run_fk REFERENCES codeio.stage_run,
    CONSTRAINT judge_once UNIQUE (name, version)
);
COMMENT ON TABLE codeio.judge IS
'A part of a gate that judges row by row, in one version. Another version judges everything anew.';
COMMENT ON COLUMN codeio.judge.judge_id IS 'Derived from name and version.';
COMMENT ON COLUMN codeio.judge.name IS 'leakage, private_data, determinism or verifier_self_test.';
COMMENT ON COLUMN codeio.judge.version IS
'Digest of all that decides what it says: its sources, the benchmarks in use, the sandbox image.';
COMMENT ON COLUMN codeio.judge.stage_run_id IS 'Who judged with it first.';

CREATE TABLE codeio.clean_conversation (
    judge_id uuid NOT NULL CONSTRAINT clean_conversation_judge_fk REFERENCES codeio.judge,
    first_verdict_id uuid NOT NULL CONSTRAINT clean_conversation_first_verdict_fk REFERENCES codeio.verdict,
    last_verdict_id uuid NOT NULL CONSTRAINT clean_conversation_last_verdict_fk REFERENCES codeio.verdict,
    stage_run_id uuid NOT NULL CONSTRAINT clean_conversation_stage_run_fk REFERENCES codeio.stage_run,
    CONSTRAINT clean_conversation_pk PRIMARY KEY (judge_id, first_verdict_id, last_verdict_id)
);
COMMENT ON TABLE codeio.clean_conversation IS
'Conversations in which a judge found nothing, read together with all others about the program that were finished.';
COMMENT ON COLUMN codeio.clean_conversation.judge_id IS 'The judge.';
COMMENT ON COLUMN codeio.clean_conversation.first_verdict_id IS 'Verdict on the first answer, which names the answer.';
COMMENT ON COLUMN codeio.clean_conversation.last_verdict_id IS
'Verdict on the revision; that on the first answer again where there was none.';
COMMENT ON COLUMN codeio.clean_conversation.stage_run_id IS 'Who read it.';

CREATE TABLE codeio.passed_pair (
    judge_id uuid NOT NULL CONSTRAINT passed_pair_judge_fk REFERENCES codeio.judge,
    io_pair_id uuid NOT NULL CONSTRAINT passed_pair_io_pair_fk REFERENCES codeio.io_pair,
    stage_run_id uuid NOT NULL CONSTRAINT passed_pair_stage_run_fk REFERENCES codeio.stage_run,
    CONSTRAINT passed_pair_pk PRIMARY KEY (judge_id, io_pair_id)
);
COMMENT ON TABLE codeio.passed_pair IS 'Pairs that a judge ran, and with which nothing was wrong.';
COMMENT ON COLUMN codeio.passed_pair.judge_id IS 'The judge.';
COMMENT ON COLUMN codeio.passed_pair.io_pair_id IS 'The pair.';
COMMENT ON COLUMN codeio.passed_pair.stage_run_id IS 'Who ran it.';

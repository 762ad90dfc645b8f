-- What is checked of the texts of samples: the gate on expectations judges columns, and reads each text once.

CREATE TABLE codeio.sample_measure (
    sample_id uuid NOT NULL CONSTRAINT sample_measure_sample_fk REFERENCES codeio.sample,
    definition_id uuid NOT NULL,
    prompt_sha256 bytea NOT NULL CONSTRAINT sample_measure_prompt_sha256 CHECK (length(prompt_sha256) = 32),
    prompt_chars integer NOT NULL,
    turn_1_chars integer NOT NULL,
    feedback_1_chars integer NOT NULL,
    turn_2_chars integer NOT NULL,
    feedback_2_chars integer NOT NULL,
    answer_chars integer NOT NULL,
    input_fault text,
    output_fault text,
    answer_fault text,
    stage_run_id uuid NOT NULL CONSTRAINT sample_measure_stage_run_fk REFERENCES codeio.stage_run,
    CONSTRAINT sample_measure_pk PRIMARY KEY (sample_id, definition_id)
);
COMMENT ON TABLE codeio.sample_measure IS
'What is checked of the texts of samples, whatever response a recipe makes of them. Lengths are in characters.';
COMMENT ON COLUMN codeio.sample_measure.sample_id IS 'The sample.';
COMMENT ON COLUMN codeio.sample_measure.definition_id IS
'Derived from all that decides the measures: sources, the view that gives the texts, and whether prompts show the '
'program. With another all is measured anew.';
COMMENT ON COLUMN codeio.sample_measure.prompt_sha256 IS
'sha256 of the prompt, with the program or without as the definition says.';
COMMENT ON COLUMN codeio.sample_measure.prompt_chars IS 'Its length.';
COMMENT ON COLUMN codeio.sample_measure.turn_1_chars IS 'Length of the first answer.';
COMMENT ON COLUMN codeio.sample_measure.feedback_1_chars IS 'Length of what was said of it.';
COMMENT ON COLUMN codeio.sample_measure.turn_2_chars IS 'Length of the revision; 0 when there was none.';
COMMENT ON COLUMN codeio.sample_measure.feedback_2_chars IS 'Length of what was said of it; 0 when there was none.';
COMMENT ON COLUMN codeio.sample_measure.answer_chars IS
'Length of the true answer, as a recipe puts it in the place of a wrong one.';
COMMENT ON COLUMN codeio.sample_measure.input_fault IS
'Why the input is no JSON within the size rules; null when it is.';
COMMENT ON COLUMN codeio.sample_measure.output_fault IS 'The same of the output.';
COMMENT ON COLUMN codeio.sample_measure.answer_fault IS
'Why an answer judged correct cannot be read from its text; null when it can.';
COMMENT ON COLUMN codeio.sample_measure.stage_run_id IS 'Who measured.';

-- Scratch of the gate: nothing refers to it, and a crash may empty it.
CREATE UNLOGGED TABLE codeio.candidate_row (
    release_id uuid NOT NULL,
    sample_id text,
    split text,
    prompt_id text,
    program_id text,
    io_pair_id text,
    raw_file_id text,
    source_locator text,
    source_path text,
    licence text,
    direction text,
    verdict_1 text,
    verdict_2 text,
    teacher_id text,
    teacher_kind text,
    teacher_model text,
    template_sha256 text,
    verifier_version text,
    sandbox_image_digest text,
    prompt_sha256 text,
    prompt_chars integer,
    response_chars integer,
    tokens integer,
    input_fault text,
    output_fault text,
    answer_fault text,
    correct_output integer,
    correct_input integer,
    asks_output integer
);
COMMENT ON TABLE codeio.candidate_row IS
'The columns that Great Expectations checks of a candidate, one row a member, while its gate runs.';
COMMENT ON COLUMN codeio.candidate_row.release_id IS 'The candidate.';
COMMENT ON COLUMN codeio.candidate_row.sample_id IS 'The member.';
COMMENT ON COLUMN codeio.candidate_row.split IS 'Its split.';
COMMENT ON COLUMN codeio.candidate_row.prompt_id IS 'Its prompt.';
COMMENT ON COLUMN codeio.candidate_row.program_id IS 'The program that the pair was drawn from.';
COMMENT ON COLUMN codeio.candidate_row.io_pair_id IS 'The pair that the prompt asks about.';
COMMENT ON COLUMN codeio.candidate_row.raw_file_id IS 'The file that the program was made of.';
COMMENT ON COLUMN codeio.candidate_row.source_locator IS 'The source that stands for it.';
COMMENT ON COLUMN codeio.candidate_row.source_path IS 'Its path there.';
COMMENT ON COLUMN codeio.candidate_row.licence IS 'Licences of the places where the file is seen, joined by AND.';
COMMENT ON COLUMN codeio.candidate_row.direction IS 'What was to be predicted.';
COMMENT ON COLUMN codeio.candidate_row.verdict_1 IS 'Verdict on the first answer.';
COMMENT ON COLUMN codeio.candidate_row.verdict_2 IS 'Verdict on the revision; null when there was none.';
COMMENT ON COLUMN codeio.candidate_row.teacher_id IS 'Who gave the first answer.';
COMMENT ON COLUMN codeio.candidate_row.teacher_kind IS 'Its kind.';
COMMENT ON COLUMN codeio.candidate_row.teacher_model IS 'Its model.';
COMMENT ON COLUMN codeio.candidate_row.template_sha256 IS 'Template of the prompt.';
COMMENT ON COLUMN codeio.candidate_row.verifier_version IS 'Version of the verifier that judged the first answer.';
COMMENT ON COLUMN codeio.candidate_row.sandbox_image_digest IS 'Sandbox image that drew the pair.';
COMMENT ON COLUMN codeio.candidate_row.prompt_sha256 IS 'sha256 of the prompt as the recipe has it, in hex.';
COMMENT ON COLUMN codeio.candidate_row.prompt_chars IS 'Its length in characters.';
COMMENT ON COLUMN codeio.candidate_row.response_chars IS
'Length of what a model learns to write, as the recipe has it, in characters.';
COMMENT ON COLUMN codeio.candidate_row.tokens IS
'Estimated length of prompt and response in tokens, rather too high.';
COMMENT ON COLUMN codeio.candidate_row.input_fault IS
'Why the input is no JSON within the size rules; null when it is.';
COMMENT ON COLUMN codeio.candidate_row.output_fault IS 'The same of the output.';
COMMENT ON COLUMN codeio.candidate_row.answer_fault IS
'Why an answer judged correct cannot be read from its text; null when it can.';
COMMENT ON COLUMN codeio.candidate_row.correct_output IS
'1 or 0 for a first answer to a question for an output, else null.';
COMMENT ON COLUMN codeio.candidate_row.correct_input IS 'The same for an input.';
COMMENT ON COLUMN codeio.candidate_row.asks_output IS '1 for a question for an output, 0 for an input.';

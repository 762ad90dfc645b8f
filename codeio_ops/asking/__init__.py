"""Stages that ask a teacher: programs, prompts, answers, revisions."""

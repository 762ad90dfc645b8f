"""The names of the gates, for those that must not import what the gates need."""

GATE_NAMES = ("duplicates", "expectations", "integrity", "leakage", "verifier_self_test")

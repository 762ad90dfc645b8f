"""The names of the gates, for those that must not import what the gates need."""

GATE_NAMES = (
    "determinism",
    "duplicates",
    "expectations",
    "information",
    "integrity",
    "leakage",
    "licences",
    "personal_data",
    "secrets",
    "splits",
    "verifier_self_test",
)

# Those that run programs.
SANDBOX_GATES = ("determinism", "verifier_self_test")

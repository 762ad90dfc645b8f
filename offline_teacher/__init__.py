"""The embedded teacher: no model, no network; it runs the program and tells what happens.

It answers the same requests, over the same API, as any model does. It sees only what the
prompt holds, and runs code only in a sandbox. Its rows carry its provenance everywhere.
"""

OFFLINE_VERSION = "2"

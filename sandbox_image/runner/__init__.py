"""The runner inside the sandbox container: standard library only, reached only over frames.

`supervisor` is PID 1; for every job it forks a `child`, which gives up everything it
does not need and then runs the program. See `sandbox_image/README.md` for the threats.
"""

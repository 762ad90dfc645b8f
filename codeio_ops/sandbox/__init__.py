"""Running programs that nobody has read, in Docker containers that prove their confinement.

`base` is the contract, `pool.DockerSandbox` implements it, `engine.ensure_engine` and
`image.ensure_image` make it available. `sandbox_image/README.md` holds the threat model.
"""

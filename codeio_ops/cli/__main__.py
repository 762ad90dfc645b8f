"""`python -m codeio_ops.cli`."""

from codeio_ops.cli.app import main

if __name__ == "__main__":
    main()

"""Start the supervisor: `python3.11 -s -P -m runner`."""

from runner.supervisor import main

main()

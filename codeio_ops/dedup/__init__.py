"""Near-duplicates of raw files and programs, and the signatures they are found by."""

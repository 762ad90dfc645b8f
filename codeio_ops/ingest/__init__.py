"""Ingest: readers of sources, filters, and the stage that stores what is new."""

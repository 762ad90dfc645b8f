"""Releases: recipes, assembly, files, card, manifest, publishing."""

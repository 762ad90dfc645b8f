"""Fakes of what the platform talks to, for its own tests and those of its users."""

"""Alembic environment; the migrations themselves are SQL files in `sql/migrations/`."""

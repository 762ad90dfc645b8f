"""The fixtures other integration tests build on: each test has its own database and bucket."""

import psycopg2
import pytest
from sqlalchemy import create_engine, text

from codeio_ops.config import Settings


def _current(url: str) -> tuple[str, str]:
    engine = create_engine(url)
    with engine.connect() as link:
        database, role = link.execute(text("SELECT current_database(), current_user")).one()
    engine.dispose()
    return str(database), str(role)


def test_each_role_enters_the_fresh_database(settings: Settings) -> None:
    urls = (settings.database_url, settings.auditor_database_url, settings.owner_database_url)
    found = [_current(url.get_secret_value()) for url in urls]
    assert [role for _, role in found] == ["codeio_app", "codeio_auditor", "codeio_owner"]
    assert {database for database, _ in found} == {settings.s3_bucket}


def test_two_tests_never_share_a_database(settings: Settings, module_settings: Settings) -> None:
    assert settings.s3_bucket != module_settings.s3_bucket


def test_sessions_without_a_password_are_refused(settings: Settings) -> None:
    url = settings.database_url.get_secret_value().replace("+psycopg2", "")
    scheme, rest = url.split("://")
    without = f"{scheme}://codeio_app@{rest.split('@')[1]}"
    with pytest.raises(psycopg2.OperationalError, match="password"):
        psycopg2.connect(without, password="")

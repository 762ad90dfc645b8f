"""Databases and buckets of one test each, on the Postgres and S3 that a pytest run shares."""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from codeio_ops.config import Settings
from codeio_ops.local import postgres, postgres_roles, seaweed, stack
from codeio_ops.local.state import StackState
from codeio_ops.storage.objects import ObjectStore

TEMPLATE = "codeio_template"
HOME_POINTER = "codeio-test-home"


def quiet(_: str) -> None:
    """Swallow progress."""


def create_template(state: StackState) -> None:
    """Create the migrated database that others are copied from, unless it exists."""
    with postgres.connect(state) as link, link.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (TEMPLATE,))
        if cursor.fetchone():
            return
        postgres_roles.create_database(cursor, TEMPLATE, owner=postgres.OWNER, users=())
    stack.migrate(settings_of(state, TEMPLATE, Path("/nonexistent")))


def create_storage(state: StackState, name: str, *, template: str = TEMPLATE) -> None:
    """Create a database, copied from another, and an empty bucket of the same name."""
    users = (postgres.APP, postgres.AUDITOR)
    with postgres.connect(state) as link, link.cursor() as cursor:
        postgres_roles.create_database(
            cursor, name, owner=postgres.OWNER, users=users, template=template
        )
    seaweed.ensure_bucket(state, name)


@contextmanager
def bare_database(state: StackState) -> Iterator[str]:
    """Give the owner's URL of an empty database without any schema, dropped at the end."""
    name = f"bare-{secrets.token_hex(6)}"
    users = (postgres.APP, postgres.AUDITOR)
    with postgres.connect(state) as link, link.cursor() as cursor:
        postgres_roles.create_database(cursor, name, owner=postgres.OWNER, users=users)
    yield postgres.url(state, role=postgres.OWNER, database=name)
    with postgres.connect(state) as link, link.cursor() as cursor:
        cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def fresh_settings(
    state: StackState, home: Path, *, template: str = TEMPLATE
) -> Iterator[Settings]:
    """Give settings of a database and an empty bucket, both dropped at the end."""
    name = f"test-{secrets.token_hex(6)}"
    create_storage(state, name, template=template)
    settings = settings_of(state, name, home)
    yield settings
    with postgres.connect(state) as link, link.cursor() as cursor:
        cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    _drop_bucket(settings)


def _drop_bucket(settings: Settings) -> None:
    """Free the volumes of a bucket: the server has a limited number of them."""
    objects = ObjectStore.open(settings)
    for key in objects.keys(""):
        objects.delete(key)
    objects._client.delete_bucket(Bucket=objects.bucket)


def settings_of(state: StackState, name: str, home: Path) -> Settings:
    """Return the settings that reach the database and the bucket of this name."""
    roles: Mapping[str, str] = {
        "database_url": postgres.APP,
        "auditor_database_url": postgres.AUDITOR,
        "owner_database_url": postgres.OWNER,
    }
    urls = {key: postgres.url(state, role=role, database=name) for key, role in roles.items()}
    return Settings.model_validate(
        {
            **urls,
            "home": home,
            "s3_endpoint_url": seaweed.endpoint(state),
            "s3_access_key": state.secrets.s3_access_key,
            "s3_secret_key": state.secrets.s3_secret_key,
            "s3_bucket": name,
            "teacher_key": state.secrets.teacher_key,
        }
    )

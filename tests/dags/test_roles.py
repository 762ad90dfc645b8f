"""Who may read texts on the pages, and who may override a gate, are rights of Airflow."""

import json
from collections.abc import Callable

import pytest

from codeio_ops.bundled import DAGS

ROLES = ("VIEWER", "USER", "OP", "ADMIN")
TEXTS = (
    "/samples",
    "/dropped",
    "/releases/{id}/files/README.md",
    "/gates/{id}/expectations/data_docs/",
)
COUNTS = ("/overview", "/gates", "/releases", "/sandbox")
PAGES_SCRIPT = """
import json, os, sys
os.environ["CODEIO_PAGES_READERS"] = sys.argv[1]
os.environ["CODEIO_AUDITOR_DATABASE_URL"] = "postgresql+psycopg2://nobody@127.0.0.1:1/none"
from airflow.api_fastapi.app import create_auth_manager
from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
from airflow.api_fastapi.core_api.security import get_user
from airflow.models.dag import DagModel
from fastapi.testclient import TestClient
from codeio_airflow.ui.app import create_app

create_auth_manager()
DagModel.get_team_name = lambda *_, **__: None  # asks a database that is not there
app, found = create_app(), {}
roles, paths = json.loads(sys.argv[2])
with TestClient(app, raise_server_exceptions=False) as client:
    for role in roles:
        app.dependency_overrides[get_user] = lambda: SimpleAuthManagerUser(username="u", role=role)
        found[role] = [p for p in paths if client.get(p).status_code != 403]
print("\\n" + json.dumps(found))
"""
OVERRIDERS_SCRIPT = """
import json, os, sys
os.environ["CODEIO_OVERRIDERS"] = sys.argv[2]
from airflow.dag_processing.dagbag import DagBag
bag = DagBag(sys.argv[1])
print("\\n" + json.dumps(bag.dags["release_dataset"].get_task("ask_override").assigned_users))
"""


@pytest.mark.parametrize(("readers", "first"), [("viewer", 0), ("user", 1), ("op", 2)])
def test_texts_are_read_by_who_has_the_right_and_counts_by_all(
    readers: str, first: int, fresh_python: Callable[..., str]
) -> None:
    release = "00000000-0000-8000-8000-000000000000"
    texts, counts = ([path.format(id=release) for path in paths] for paths in (TEXTS, COUNTS))
    given = json.dumps([ROLES, [*texts, *counts]])
    found = json.loads(fresh_python("-c", PAGES_SCRIPT, readers, given).strip().splitlines()[-1])
    for number, role in enumerate(ROLES):
        assert found[role] == ([*texts, *counts] if number >= first else counts), role


@pytest.mark.parametrize(
    ("named", "assigned"), [('["ada"]', [{"id": "ada", "name": "ada"}]), ("[]", None)]
)
def test_a_question_about_a_gate_is_for_those_who_are_named(
    named: str, assigned: object, fresh_python: Callable[..., str]
) -> None:
    said = fresh_python("-c", OVERRIDERS_SCRIPT, str(DAGS), named)
    assert json.loads(said.strip().splitlines()[-1]) == assigned

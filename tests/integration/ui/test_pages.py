"""The pages over a real database, without Airflow: what they show, escape, filter and page."""

from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import urlencode

import pytest
from fastapi.testclient import TestClient
from markupsafe import escape

from codeio_airflow.ui.app import build_app
from codeio_airflow.ui.paging import PAGE_ROWS
from codeio_ops.config import Settings
from codeio_ops.jsonvalue import Json
from codeio_ops.storage.engine import Store
from codeio_ops.storage.queries import check_advice, check_names
from codeio_ops.storage.runs import stage_run
from support.facts import RELEASE_ID, RUN, TEACHER, Chain, FactBuilder

HOSTILE = "<script>alert('x')</script> \"quoted\" & {{ 7 * 7 }} </pre></textarea>" + "x" * 100_000
EVIDENCE: dict[str, Json] = {
    "benchmarks": [{"name": HOSTILE, "items": 1}],
    "samples": {HOSTILE: [HOSTILE]},
}
HOSTILE_NUMBER = 1000
RUN_QUERY = urlencode({"dag_id": RUN.dag_id, "run_id": RUN.run_id})


class Elements(HTMLParser):
    """Counts the tags of a page, and keeps the text of `pre`, and what links where."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.pre: list[str] = []
        self._inside = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._inside = tag == "pre"
        if self._inside:
            self.pre.append("")
        attributes = dict(attrs)
        self.links += [attributes["href"] or ""] if tag == "a" else []
        self.ids += [attributes["id"] or ""] if "id" in attributes else []
        assert not any(name.startswith("on") for name in attributes), "an inline handler"

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "pre"

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.pre[-1] += data


def hostile_chain(settings: Settings) -> Chain:
    return Chain(settings=settings, number=HOSTILE_NUMBER, text=HOSTILE, evidence=EVIDENCE)


@pytest.fixture(scope="module")
def client(module_settings: Settings, module_store: Store) -> Iterator[TestClient]:
    """The pages over 60 ordinary samples and a hostile one."""
    for number in range(60):
        verdict = ("correct", "wrong", "timeout")[number % 3]
        direction = ("input", "output")[number % 2]
        ordinary = Chain(
            settings=module_settings, number=number, verdict=verdict, direction=direction
        )
        ordinary.write(module_store)
    hostile_chain(module_settings).write(module_store)
    _break_a_check(module_settings, module_store)
    app = build_app(module_settings, logged_in=None, active_tasks=list)
    with TestClient(app) as client:
        yield client


def _break_a_check(settings: Settings, store: Store) -> None:
    """Let the gate `integrity` find one sample of the candidate without a source."""
    offender = str(Chain(settings=settings, number=1).sample_id)
    run = stage_run("gate", RUN, settings, image_digest=None)
    facts = FactBuilder(run.stage_run_id)
    facts.gate_result(
        RELEASE_ID, "integrity", passed=False,
        evidence={"checks": list(check_names()), "offenders": {"unsourced": [offender]}},
    )  # fmt: skip
    store.insert([run, *facts.records])


@pytest.fixture(scope="module")
def hostile(module_settings: Settings) -> str:
    return str(hostile_chain(module_settings).sample_id)


PATHS = (
    "/overview",
    "/runs",
    f"/run?{RUN_QUERY}",
    "/gates",
    f"/gates/{RELEASE_ID}/leakage",
    f"/gates/{RELEASE_ID}/integrity",
    "/releases",
    f"/releases/{RELEASE_ID}",
    f"/releases/diff?one={RELEASE_ID}&other={RELEASE_ID}",
    "/samples",
    "/dropped",
    "/teachers",
    f"/teachers/differences?right={TEACHER}&wrong={TEACHER}",
    "/sandbox",
    "/sources",
)


@pytest.mark.parametrize("path", PATHS)
def test_a_page_is_one_document_that_loads_nothing_from_elsewhere(
    client: TestClient, path: str
) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    page = Elements(answer.text)
    assert page.tags.count("h1") == 1
    assert page.tags.count("script") == 1
    assert len(page.ids) == len(set(page.ids))
    assert "http://" not in answer.text.replace("http://www.w3.org", "").replace(
        "http://pygal.org", ""
    ).replace("http://github.com/Kozea/pygal", "")
    assert "script-src 'self'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("path", PATHS)
def test_every_link_of_a_page_leads_to_a_page(client: TestClient, path: str) -> None:
    for link in set(Elements(client.get(path).text).links):
        if link.startswith(("#", "/dags/")):
            continue
        target = link if link.startswith("/") else path.partition("?")[0] + link
        assert client.get(target).status_code == 200, link


def test_hostile_text_is_shown_as_text(client: TestClient, hostile: str) -> None:
    page = Elements(client.get(f"/samples/{hostile}").text)
    assert page.tags.count("script") == 1
    assert page.pre.count(HOSTILE) >= 5
    evidence = client.get(f"/gates/{RELEASE_ID}/leakage")
    for html in (client.get("/dropped?reason=too_small").text, evidence.text):
        assert Elements(html).tags.count("script") == 1
        assert "<script>alert" not in html
    assert "&lt;script&gt;alert" in evidence.text


def test_a_gate_says_what_it_means_and_links_the_samples(
    client: TestClient, module_settings: Settings
) -> None:
    html = client.get(f"/gates/{RELEASE_ID}/integrity").text
    for name in check_names():
        assert escape(check_advice(name).meaning) in html, name
    assert "take it down with <code>codeio release takedown</code>" in html
    assert html.count("What to do") == 1
    assert "a/file_1.py of directory:/corpus" in html
    sample = Chain(settings=module_settings, number=1).sample_id
    assert f"/samples/{sample}" in Elements(html).links


def test_the_first_and_the_second_answer_can_be_told_apart(
    client: TestClient, module_settings: Settings
) -> None:
    sample = Chain(settings=module_settings, number=1).sample_id
    html = client.get(f"/samples/{sample}").text
    assert html.index("Turn 1") < html.index("Feedback 1") < html.index("Turn 2")
    for kind in ("source", "file", "program", "io pair", "prompt", "response", "verdict"):
        assert f"<h3>{kind}</h3>" in html


def test_paging_shows_every_sample_once(client: TestClient) -> None:
    seen: list[str] = []
    path = "/samples"
    while path:
        links = Elements(client.get(path).text).links
        seen += [link for link in links if link.startswith("/samples/")]
        path = next(("/samples" + link for link in links if "after=" in link), "")
    assert len(seen) == len(set(seen)) == 61 > PAGE_ROWS


@pytest.mark.parametrize(
    ("query", "samples"),
    [
        ("verdict=timeout", 20),
        ("verdict=timeout&direction=input", 10),
        ("final_verdict=correct&search=function_8", 1),
        ("search=file+15", 1),
        ("search=nothing+of+this", 0),
        (f"release_id={RELEASE_ID}&verdict=correct", 20),
        ("search=%27%3B%20DROP%20TABLE%20%26%20%21", 0),
    ],
)
def test_filters_leave_what_fits(client: TestClient, query: str, samples: int) -> None:
    links = Elements(client.get(f"/samples?{query}").text).links
    assert len([link for link in links if link.startswith("/samples/")]) == samples


def test_the_second_page_keeps_the_filter(client: TestClient) -> None:
    links = Elements(client.get("/samples?final_verdict=correct").text).links
    (following,) = [link for link in links if "after=" in link]
    assert "final_verdict=correct" in following


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/nothing", 404),
        (f"/samples/{RELEASE_ID}", 404),
        (f"/releases/{RELEASE_ID}/files/%2e%2e/%2e%2e/secrets", 404),
        (f"/gates/{RELEASE_ID}/nothing", 404),
        ("/samples?teacher_id=nothing", 422),
        (f"/teachers/differences?right={TEACHER}&wrong={RELEASE_ID}", 404),
        ("/samples?after=nothing", 422),
        ("/static/app.py", 404),
        ("/openapi.json", 404),
        ("/docs", 404),
    ],
)
def test_what_is_not_there_is_said(client: TestClient, path: str, status: int) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert Elements(answer.text).tags.count("h1") == 1


@pytest.mark.parametrize(
    "path",
    [
        "/samples?verdict=%00",
        "/samples?direction=a%00b",
        "/samples?drop_reason=%00",
        "/samples?%00=x",
        "/dropped?stage=%00",
        "/dropped?reason=%00",
        "/run?dag_id=%00&run_id=x",
        f"/gates/{RELEASE_ID}/%00",
        f"/releases/{RELEASE_ID}/files/%00",
        "/no%00page",
    ],
)
def test_a_nul_is_refused_with_a_page(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 422
    assert "NUL" in answer.text
    assert Elements(answer.text).tags.count("h1") == 1


def test_a_database_that_is_down_is_said_with_the_cure(module_settings: Settings) -> None:
    broken = module_settings.model_copy(
        update={"auditor_database_url": type(module_settings.database_url)(NOWHERE)}
    )
    with TestClient(build_app(broken, logged_in=None, active_tasks=list)) as client:
        answer = client.get("/overview")
    assert answer.status_code == 503
    assert "Postgres cannot be reached" in answer.text
    assert "codeio up" in answer.text


NOWHERE = "postgresql+psycopg2://nobody@127.0.0.1:1/none"


def test_the_overview_names_the_recipes_of_each_night(client: TestClient) -> None:
    assert "Each night publishes a release by codeio_pp" in client.get("/overview").text

"""The pages are whole: every link leads somewhere, every page and decision can be found."""

import re
from pathlib import Path

import pytest
from generate import contributing

REPOSITORY = Path(__file__).parents[3]
DECISIONS = sorted((REPOSITORY / "docs" / "decisions").glob("0*.md"))
PAGES = sorted(
    path
    for pattern in ("*.md", "docs/*.md", "docs/decisions/*.md", "[a-z]*/README.md")
    for path in REPOSITORY.glob(pattern)
)
# Put at the head of a generated page.
PARTS = {"operations_head.md"}


def _targets(page: Path) -> list[str]:
    found = re.findall(r"\]\(([^)\s]+)\)", page.read_text())
    return [target.partition("#")[0] for target in found if "://" not in target]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_every_link_leads_to_a_file(page: Path) -> None:
    missing = [target for target in _targets(page) if not (page.parent / target).exists()]
    assert missing == []


def test_the_index_names_every_page() -> None:
    index = REPOSITORY / "docs" / "README.md"
    named = {(index.parent / target).resolve() for target in _targets(index)}
    pages = {path for path in (REPOSITORY / "docs").glob("*.md") if path.name not in PARTS}
    pages |= set(REPOSITORY.glob("*.md")) | set(REPOSITORY.glob("[a-z]*/README.md"))
    assert pages - named == {index}


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_says_what_it_was_chosen_over_and_what_it_costs(path: Path) -> None:
    title, _, status, *_ = path.read_text().splitlines()
    assert re.match(rf"# {int(path.name[:4])}\. \S", title)
    assert re.fullmatch(r"(Accepted|Replaced by \d+), \d{4}-\d\d-\d\d\.", status)
    leads = re.findall(r"^\*\*([A-Z]\w+)[^*]*\.\*\*", path.read_text(), re.M)
    assert list(dict.fromkeys(leads)) == ["Decision", "Over", "Why", "Cost"]


def test_the_index_of_decisions_has_each_with_its_title() -> None:
    index = (REPOSITORY / "docs" / "decisions" / "README.md").read_text()
    titles = {path.name: path.read_text().partition("\n")[0].lstrip("# ") for path in DECISIONS}
    assert {name: title for title, name in re.findall(r"- \[(.+)\]\((.+)\)", index)} == titles


def test_the_picture_of_the_tables_has_every_foreign_key() -> None:
    schema = (REPOSITORY / "sql" / "schema.sql").read_text()
    keys = re.findall(
        r"ALTER TABLE ONLY codeio\.(\w+)\s+ADD CONSTRAINT \w+ FOREIGN KEY \([^)]*\) "
        r"REFERENCES codeio\.(\w+)",
        schema,
    )
    picture = (REPOSITORY / "docs" / "tables.md").read_text()
    arrows = re.findall(r"^ +(\w+) --> (\w+)$", picture, re.M)
    assert len(arrows) == len(set(arrows))
    assert set(arrows) == {(named, table) for table, named in keys if named != "stage_run"}


def test_the_glossary_is_in_order_and_says_each_word_once() -> None:
    page = (REPOSITORY / "docs" / "glossary.md").read_text()
    words = re.findall(r"^\| (?!Word\b)([\w -]+) \|", page, re.M)
    assert len(words) > 50
    assert words == sorted(set(words))


def test_the_map_has_every_package() -> None:
    page = (REPOSITORY / "CONTRIBUTING.md").read_text()
    packages = [path.parent for path in (REPOSITORY / "codeio_ops").glob("*/__init__.py")]
    assert [path.name for path in packages if f"`codeio_ops/{path.name}/`" not in page] == []


def test_the_examples_on_the_page_are_the_files() -> None:
    page = (REPOSITORY / "CONTRIBUTING.md").read_text()
    assert page == contributing(), "run `make docs`"
    shown = set(re.findall(r"<!-- docs/examples/(\S+) -->", page))
    assert {path.name for path in REPOSITORY.glob("docs/examples/*.*")} <= shown

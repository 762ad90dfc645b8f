"""Data Docs are served without what acts or loads."""

from html.parser import HTMLParser

import pytest

from codeio_airflow.ui.pages.data_docs import document_alone

PAGE = """<html><head><script>alert(1)</script><base href="https://evil.example/">
<link rel="stylesheet" href="https://cdn.example/x.css">
<meta http-equiv="refresh" content="0;url=https://evil.example/"></head>
<body><p onclick="alert(2)" ONLOAD=alert(3)>kept &lt;script&gt;</p><img src=x onerror=alert(4)>
<iframe src="https://evil.example/"></iframe><table><tr><td>29</td></tr></table></body></html>"""


@pytest.mark.parametrize(
    "gone",
    ["<script", "alert(", "<base", "cdn.example", "evil.example", "<img", "<iframe", "<link"],
)
def test_nothing_that_acts_or_loads_is_left(gone: str) -> None:
    assert gone in PAGE
    assert gone not in document_alone(PAGE)


def test_what_it_says_is_left() -> None:
    page = document_alone(PAGE)
    assert "kept &lt;script&gt;" in page
    assert "<td>29</td>" in page
    assert page.count("<style>") == 1


HOSTILE = (
    '<a href="javascript:alert(1)">x</a>',
    '<a href=" jAvAsCrIpT:alert(1)">x</a>',
    '<a href="data:text/html,alert(1)">x</a>',
    '<a href="//evil.example/">x</a>',
    '<a href="/logout">x</a>',
    '<a href="\\\\evil.example">x</a>',
    '<a href="https:evil.example">x</a>',
    '<form action="https://evil.example/"><input name=a><button formaction=x>b</button></form>',
    '<frameset onload=alert(1)><frame src="javascript:alert(1)"></frameset>',
    "<svg><script>alert(1)</script><animate onbegin=alert(1)></svg>",
    "<math><mtext></mtext><mglyph><style><img src=x onerror=alert(1)></style></math>",
    "<![CDATA[<img src=x onerror=alert(1)>]]>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<!-- --!><script>alert(1)</script>",
    "<!doctype <script>alert(1)</script>>",
    "<?xml <script>alert(1)</script>?>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    "<textarea></textarea><script>alert(1)</script>",
    "<xmp></xmp><img src=x onerror=alert(1)>",
    "<template><script>alert(1)</script></template>",
    '<p style="background:url(https://evil.example/)">x</p>',
    '<video src="https://evil.example/" poster=x><source src=x></video>',
    '<meta charset="utf-7"><meta http-equiv="refresh" content="0;url=https://evil.example/">',
    '<p title="&quot; onclick=alert(1) x=&quot;">x</p>',
    "<custom-element onclick=alert(1)>x</custom-element>",
)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_only_what_the_list_allows_is_left(hostile: str) -> None:
    page = document_alone(f"<html><body><p>before</p>{hostile}</body></html>")
    assert "<p>before</p>" in page
    elements = Elements()
    elements.feed(page)
    assert elements.tags <= {"html", "body", "p", "a", "style"}
    assert elements.attributes <= {"title"}


class Elements(HTMLParser):
    """Which elements and attributes a page has."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)


def test_links_within_the_document_are_left() -> None:
    links = '<a href="#x">there</a><a href="../../expectations/release.html">suite</a>'
    page = document_alone(f'<h2 id="x" class="a b">t</h2>{links}')
    assert links in page and '<h2 class="a b" id="x">t</h2>' in page

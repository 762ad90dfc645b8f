"""Data Docs are served without what acts or loads."""

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

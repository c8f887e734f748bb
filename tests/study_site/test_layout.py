"""The shape of the source tree: small packages, and no import cycles."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter

import pytest

from study_site.demo.bootstrap import ROOT
from tests.conftest import UNTRACED

PACKAGES = ("study_site", "analysis", "trials", "classifiers")


def module_name(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def modules() -> dict[str, ast.Module]:
    """Return every module of the project with its syntax tree."""
    files = (path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
    return {
        module_name(str(path.relative_to(ROOT))): ast.parse(path.read_text(encoding="utf-8"))
        for path in files
    }


def imported(tree: ast.Module, known: set[str]) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name in known)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = {f"{node.module}.{name.name}" for name in node.names} & known
            yield from names or {node.module} & known


@pytest.mark.parametrize(
    ("folder", "most"), [("analysis", 10), ("trials", 16), ("classifiers/core", 18)]
)
def test_a_package_holds_few_modules_directly(folder: str, most: int) -> None:
    direct = sorted(path.name for path in (ROOT / folder).glob("*.py"))
    assert len(direct) <= most, direct


def test_no_module_imports_itself_by_way_of_others_but_through_a_celery_task() -> None:
    """A task's module imports its service, and the service enqueues the task."""
    trees = modules()
    graph = {
        name: set(imported(tree, set(trees))) - {name}
        for name, tree in trees.items()
        if not name.endswith(".tasks")
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_every_test_that_is_not_traced_is_there() -> None:
    for line in UNTRACED:
        path, _, function = line.partition("::")
        assert (ROOT / path).is_file(), line
        assert not function or f"def {function}(" in (ROOT / path).read_text(encoding="utf-8"), line

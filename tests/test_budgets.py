"""The size of things: what keeps the code readable, measured over the whole tree."""

import ast
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path
from statistics import quantiles

import grimp
import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"][
    "root_packages"
]
FORBIDDEN_NAMES = {"utils", "util", "core", "common", "helpers", "misc", "manager"}


def _modules(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def _functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def _length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def test_no_module_is_longer_than_400_lines() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in _modules(*PACKAGES, "scripts")
        if (lines := path.read_text(encoding="utf-8").count("\n")) > 400
    }
    assert long == {}


def test_no_function_is_longer_than_40_lines() -> None:
    long = {
        f"{path.relative_to(ROOT)}:{node.name}": _length(node)
        for path in _modules(*PACKAGES)
        for node in _functions(path)
        if _length(node) > 40
    }
    assert long == {}


def test_nine_functions_in_ten_have_at_most_25_lines() -> None:
    lengths = [_length(node) for path in _modules(*PACKAGES) for node in _functions(path)]
    assert quantiles(lengths, n=10)[-1] <= 25


def test_half_of_the_tests_have_at_most_15_lines() -> None:
    lengths = [
        _length(node)
        for path in _modules("tests")
        for node in _functions(path)
        if node.name.startswith("test_")
    ]
    assert quantiles(lengths, n=2)[0] <= 15


def test_no_module_has_a_name_that_says_nothing() -> None:
    names = {path.stem for path in _modules(*PACKAGES)} | {
        path.parent.name for path in _modules(*PACKAGES)
    }
    assert names & FORBIDDEN_NAMES == set()


def test_every_module_says_in_its_first_line_what_it_is_for() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in _modules(*PACKAGES)
        if ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) is None
    ]
    assert silent == []


def test_at_most_three_type_checks_are_ignored_in_all() -> None:
    mark = "type:" + " ignore"
    pyright_mark = "pyright:" + " ignore"
    ignored = [
        path
        for path in _modules(*PACKAGES, "tests", "scripts")
        for line in path.read_text(encoding="utf-8").splitlines()
        if mark in line or pyright_mark in line
    ]
    assert len(ignored) <= 3


def test_contracts_stay_small() -> None:
    files = _modules("contracts")
    assert len(files) <= 5
    assert sum(path.read_text(encoding="utf-8").count("\n") for path in files) <= 300


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = grimp.build_graph(PACKAGES[0], *PACKAGES[1:], cache_dir=None)
    circles = [
        module
        for module in graph.modules
        for imported in graph.find_modules_directly_imported_by(module)
        if imported != module and graph.chain_exists(importer=imported, imported=module)
    ]
    assert circles == []


@pytest.mark.parametrize("package", PACKAGES)
def test_no_other_distribution_owns_one_of_our_package_names(package: str) -> None:
    assert set(packages_distributions().get(package, ["fumikura"])) == {"fumikura"}

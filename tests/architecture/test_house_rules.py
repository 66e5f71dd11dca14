"""Rules that hold for every package and every text of the repository."""

import ast
import importlib
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = {
    "twnm_schemas": ROOT / "schemas" / "twnm_schemas",
    "twnm_shards": ROOT / "shards" / "twnm_shards",
    "twnm_sim": ROOT / "simulator" / "twnm_sim",
    "twnm_bench": ROOT / "benchmark_gen" / "twnm_bench",
    "twnm_train": ROOT / "trainer" / "twnm_train",
}
SOURCES = sorted(path for folder in PACKAGES.values() for path in folder.rglob("*.py"))
TERMINAL = {"__main__", "cli", "command_line", "progress"}  # what speaks to a person; all else is library code
LIBRARY = [path for path in SOURCES if not TERMINAL & set(path.relative_to(ROOT).with_suffix("").parts)]
NAMELESS_ROOMS = {"utils", "util", "helpers", "helper", "common", "misc"}
NOT_OURS = {"data", "dist", "build", "site", "__pycache__", "node_modules"}
TEXT = {
    ".py",
    ".md",
    ".toml",
    ".yml",
    ".yaml",
    ".txt",
    ".json",
    ".html",
    ".css",
    ".js",
    ".j2",
    ".csv",
    ".cfg",
    ".ini",
    "",
}
# written in pieces, so that this file passes its own test
FOREIGN = re.compile(
    "|".join(
        [
            r"(?<![\w./-])/(?:" + "|".join(["wo" + "rk", "ro" + "ot", "op" + "t/(?:pypi|wheels)"]) + r")(?![\w-])",
            r"\b(?:"
            + "|".join(["pypi" + r"\.org", "python" + r"hosted\.org", "download" + r"\.pytorch\.org"])
            + r")\b",
            r"--(?:extra-)?" + "index-url",
        ]
    )
)


def repository_texts() -> Iterator[Path]:
    """Every text file that belongs to the repository; hidden folders are not, but `.ci` is."""
    for path in sorted(ROOT.rglob("*")):
        parts = path.relative_to(ROOT).parts
        hidden = any(part.startswith(".") and part != ".ci" for part in parts[:-1])
        built = parts[0] in NOT_OURS or "__pycache__" in parts or any(part.endswith(".egg-info") for part in parts)
        if not hidden and not built and path.suffix in TEXT and path.is_file():
            yield path


def faults_of(tree: ast.Module) -> Iterator[str]:
    """What library code must not do: print, configure logging, read the command line."""
    taboo = {"logging.basicConfig", "sys.argv", "sys.stdout.write", "sys.stderr.write"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
            yield f"line {node.lineno}: print"
        elif isinstance(node, ast.Attribute) and (name := ast.unparse(node)) in taboo:
            yield f"line {node.lineno}: {name}"
        elif isinstance(node, ast.ImportFrom) and node.module in {"sys", "logging", "rich"}:
            taken = {alias.name for alias in node.names} & {"argv", "basicConfig", "print"}
            yield from (f"line {node.lineno}: from {node.module} import {alias}" for alias in taken)
        elif isinstance(node, ast.ImportFrom) and TERMINAL & set((node.module or "").split(".")):
            yield f"line {node.lineno}: from {node.module}"


def blind_handlers(tree: ast.Module) -> list[int]:
    """The lines of `except:`, `except Exception` and `except BaseException` that do not raise again."""
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or ast.unparse(node.type) in {"Exception", "BaseException"})
        and not any(isinstance(inner, ast.Raise) for inner in ast.walk(node))
    ]


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_is_typed_described_and_true_to_its_exports(package: str) -> None:
    assert (PACKAGES[package] / "py.typed").is_file()
    module = importlib.import_module(package)
    assert module.__doc__
    assert module.__doc__.strip()
    names = getattr(module, "__all__", [])
    missing = [name for name in names if not hasattr(module, name) and find_spec(f"{package}.{name}") is None]
    assert missing == []
    assert len(names) == len(set(names))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_module_has_a_docstring_and_a_name_that_says_something(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text("utf-8")))
    assert not NAMELESS_ROOMS & {path.stem, path.parent.name}


@pytest.mark.parametrize("path", LIBRARY, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_library_code_neither_prints_nor_reads_the_command_line(path: Path) -> None:
    assert list(faults_of(ast.parse(path.read_text("utf-8")))) == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_handler_swallows_every_error(path: Path) -> None:
    assert blind_handlers(ast.parse(path.read_text("utf-8"))) == []


def test_the_repository_names_no_machine_and_no_registry() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {match.group(0)}"
        for path in repository_texts()
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if (match := FOREIGN.search(line))
    ]
    assert found == []


def test_constraints_pin_plain_versions() -> None:
    lines = [line for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines() if line and line[0] != "#"]
    assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][0-9A-Za-z.]*", line)] == []
    assert {"numpy==", "torch=="} <= {line.partition("==")[0] + "==" for line in lines}


@pytest.mark.parametrize(
    ("source", "faults"),
    [
        ("def f():\n    print(1)", 1),
        ("import sys\nsys.argv[1]", 1),
        ("from sys import argv", 1),
        ("import logging\nlogging.basicConfig()", 1),
        ("from rich import print", 1),
        ("def f():\n    from twnm_shards.progress import showing", 1),
        ("import logging\nlogging.getLogger(__name__)", 0),
    ],
)
def test_the_library_check_sees_faults(source: str, faults: int) -> None:
    assert len(list(faults_of(ast.parse(source)))) == faults


@pytest.mark.parametrize(
    ("line", "foreign"),
    [
        ("cd /" + "work/main", True),
        ("see https://" + "pypi" + ".org/simple", True),
        ("/" + "root/.cache", True),
        ("https://example.org/" + "work", False),
        ("out/" + "workers", False),
        ("a /" + "rooted tree", False),
    ],
)
def test_the_text_check_sees_machine_paths_and_registries(line: str, foreign: bool) -> None:
    assert bool(FOREIGN.search(line)) == foreign

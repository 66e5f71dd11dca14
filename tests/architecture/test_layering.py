"""Which way imports run: the layers, the packages' own modules, and what the vocabulary may lean on."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = {
    "twnm_schemas": ROOT / "schemas",
    "twnm_shards": ROOT / "shards",
    "twnm_sim": ROOT / "simulator",
    "twnm_bench": ROOT / "benchmark_gen",
    "twnm_train": ROOT / "trainer",
}
ALLOWED: dict[str, set[str]] = {
    "twnm_schemas": set(),
    "twnm_shards": {"twnm_schemas"},
    "twnm_sim": {"twnm_schemas", "twnm_shards"},
    "twnm_bench": {"twnm_schemas", "twnm_shards", "twnm_sim"},
    "twnm_train": {"twnm_schemas", "twnm_shards", "twnm_sim"},
}
SCHEMAS_MAY_IMPORT = sys.stdlib_module_names | {"pydantic", "twnm_schemas"}
FILE_MODULES = {"pathlib", "os", "io", "shutil", "tempfile", "subprocess", "urllib", "socket"}


def name_module(path: Path, folder: Path) -> str:
    parts = path.relative_to(folder).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def read_modules() -> dict[str, tuple[ast.Module, bool]]:
    """Every module of the repository's packages: its tree, and whether it is a package's `__init__`."""
    return {
        name_module(path, folder): (ast.parse(path.read_text("utf-8")), path.name == "__init__.py")
        for package, folder in PACKAGES.items()
        for path in sorted((folder / package).rglob("*.py"))
    }


def is_type_checking(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test) and not isinstance(node.test, ast.UnaryOp)
    )


def walk_run_time(node: ast.AST) -> Iterator[ast.AST]:
    """Like `ast.walk`, without the bodies of `if TYPE_CHECKING`."""
    yield node
    children = node.orelse if is_type_checking(node) else ast.iter_child_nodes(node)  # type: ignore[attr-defined]
    for child in children:
        yield from walk_run_time(child)


def imported_names(nodes: Iterator[ast.AST], module: str, is_package: bool) -> set[str]:
    """The dotted names that the import statements among `nodes` ask for, relative ones made absolute."""
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            parts = module.split(".")
            base = parts[: len(parts) - node.level + is_package] if node.level else []
            origin = ".".join([*base, *([node.module] if node.module else [])])
            found |= {f"{origin}.{alias.name}" for alias in node.names}
    return found


def forbidden_imports(package: str, tree: ast.Module, module: str = "", is_package: bool = False) -> set[str]:
    roots = {name.split(".")[0] for name in imported_names(ast.walk(tree), module or package, is_package)}
    return (roots & ALLOWED.keys()) - ALLOWED[package] - {package}


def import_graph(modules: dict[str, tuple[ast.Module, bool]]) -> dict[str, set[str]]:
    """Who imports whom. The names that an `__init__` offers lazily stand under TYPE_CHECKING and count as imports."""
    graph = {}
    for module, (tree, is_package) in modules.items():
        nodes = ast.walk(tree) if is_package else walk_run_time(tree)
        names = imported_names(nodes, module, is_package)
        targets = {name if name in modules else name.rpartition(".")[0] for name in names}
        graph[module] = (targets & modules.keys()) - {module}
    return graph


def find_cycle(graph: dict[str, set[str]]) -> list[str]:
    """One cycle as a list of modules, or nothing."""
    done: set[str] = set()

    def visit(module: str, path: list[str]) -> list[str]:
        if module in path:
            return path[path.index(module) :]
        if module in done:
            return []
        for target in sorted(graph[module]):
            if cycle := visit(target, [*path, module]):
                return cycle
        done.add(module)
        return []

    return next((cycle for module in sorted(graph) if (cycle := visit(module, []))), [])


MODULES = read_modules()


@pytest.mark.parametrize("package", PACKAGES)
def test_no_package_imports_against_the_layers(package: str) -> None:
    broken = {
        module: names
        for module, (tree, is_package) in MODULES.items()
        if module.split(".")[0] == package and (names := forbidden_imports(package, tree, module, is_package))
    }
    assert broken == {}


def test_modules_import_each_other_without_a_cycle() -> None:
    assert find_cycle(import_graph(MODULES)) == []


def test_schemas_lean_on_the_standard_library_and_pydantic_alone() -> None:
    for module, (tree, is_package) in MODULES.items():
        if module.split(".")[0] == "twnm_schemas":
            roots = {name.split(".")[0] for name in imported_names(ast.walk(tree), module, is_package)}
            assert roots <= SCHEMAS_MAY_IMPORT, module
            assert not roots & FILE_MODULES, f"{module} touches files"


@pytest.mark.parametrize(
    ("package", "source", "expected"),
    [
        ("twnm_shards", "def f():\n    import twnm_sim.render", {"twnm_sim"}),
        ("twnm_schemas", "from twnm_shards import x", {"twnm_shards"}),
        ("twnm_bench", "from twnm_train.stages import x", {"twnm_train"}),
        ("twnm_train", "if TYPE_CHECKING:\n    import twnm_bench", {"twnm_bench"}),
        ("twnm_sim", "from twnm_schemas import Room\nfrom . import render", set()),
    ],
)
def test_the_layer_check_sees_every_kind_of_import(package: str, source: str, expected: set[str]) -> None:
    assert forbidden_imports(package, ast.parse(source)) == expected


def test_the_cycle_check_sees_cycles_inside_functions_and_through_lazy_exports() -> None:
    def graph_of(**sources: str) -> dict[str, set[str]]:
        parsed = {name.replace("__", "."): (ast.parse(text), name == "p") for name, text in sources.items()}
        return import_graph(parsed)

    assert find_cycle(graph_of(p="", p__a="import p.b", p__b="def f():\n    from p import a")) == ["p.a", "p.b"]
    lazy = "if TYPE_CHECKING:\n    from p.a import x"
    assert find_cycle(graph_of(p=lazy, p__a="from . import x")) == ["p", "p.a"]
    assert find_cycle(graph_of(p=lazy, p__a="import p.b", p__b="if TYPE_CHECKING:\n    import p.a")) == []

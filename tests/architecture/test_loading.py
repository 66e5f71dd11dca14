"""What an import and a `--help` load, seen from a process of its own."""

import importlib
import json
import subprocess
import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = {
    "jinja2", "matplotlib", "numba", "numpy", "openai", "pooch", "pyarrow", "pyroomacoustics", "scipy", "sofar",
    "soundfile", "soxr", "torch", "webdataset",
}  # fmt: skip
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
SCRIPTS: dict[str, str] = PROJECT["scripts"]

IMPORT_ALL = """
import importlib, pkgutil
package = importlib.import_module({package!r})
exec(f"from {package} import *")
for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
    importlib.import_module(module.name)
"""
RUN_COMMAND = """
from {module} import {function} as main
sys.argv = {argv!r}
try:
    main()
except SystemExit as stop:
    assert not stop.code, stop.code
"""
REPORT = """
import json, sys
{body}
print("\\n" + json.dumps(sorted({{name.split(".")[0] for name in sys.modules}})))
"""


def run_and_list(body: str) -> tuple[str, set[str]]:
    """What the code prints, and the top-level modules that are loaded at its end."""
    done = subprocess.run([sys.executable, "-c", REPORT.format(body=body)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    output, _, loaded = done.stdout.rstrip().rpartition("\n")
    return output, set(json.loads(loaded))


def command_paths(group: object, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """The path of a command and of all below it."""
    commands: dict[str, object] = getattr(group, "commands", {})
    return [path, *(p for name, command in commands.items() for p in command_paths(command, (*path, name)))]


def find_commands(script: str, target: str) -> list[tuple[str, ...]]:
    """All commands of a command line, read from its typer application."""
    import typer

    module = importlib.import_module(target.partition(":")[0])
    apps = [value for value in vars(module).values() if isinstance(value, typer.Typer)]
    assert apps, f"{script}: {module.__name__} holds no typer.Typer"
    # the application itself, not a group of its commands, is the one with the most below it
    return max((command_paths(typer.main.get_command(app)) for app in apps), key=len)


def collect_commands() -> list[object]:
    found: list[object] = []
    for script, target in SCRIPTS.items():
        if find_spec(target.partition(":")[0]) is None:
            found.append(pytest.param(script, (), marks=pytest.mark.skip(f"{target} is not written yet")))
        else:
            found += [pytest.param(script, c, id=" ".join([script, *c])) for c in find_commands(script, target)]
    return found


@pytest.mark.parametrize(("script", "command"), collect_commands())
def test_help_loads_nothing_heavy(script: str, command: tuple[str, ...]) -> None:
    module, function = SCRIPTS[script].split(":")
    argv = [script, *command, "--help"]
    output, loaded = run_and_list(RUN_COMMAND.format(module=module, function=function, argv=argv))
    assert "Usage" in output
    assert loaded & HEAVY == set()


@pytest.mark.parametrize("script", SCRIPTS)
def test_version_is_the_package_s_and_loads_nothing_heavy(script: str) -> None:
    module, function = SCRIPTS[script].split(":")
    output, loaded = run_and_list(RUN_COMMAND.format(module=module, function=function, argv=[script, "--version"]))
    assert output == f"twnm {PROJECT['version']}\n"
    assert loaded & HEAVY == set()


def test_schemas_load_the_standard_library_and_pydantic_alone() -> None:
    _, loaded = run_and_list(IMPORT_ALL.format(package="twnm_schemas"))
    third_party = {name for name in loaded - sys.stdlib_module_names if not name.startswith("_")}
    assert "twnm_schemas" in loaded
    assert third_party - {"twnm_schemas", "pydantic", "pydantic_core"} <= {
        "annotated_types", "typing_extensions", "typing_inspection",
    }  # fmt: skip


def test_the_error_tree_costs_no_pydantic() -> None:
    _, loaded = run_and_list("from twnm_schemas.errors import TwnmError\nfrom twnm_schemas import seed_for")
    assert "pydantic" not in loaded


@pytest.mark.parametrize("package", ["twnm_shards", "twnm_sim"])
def test_no_module_below_the_trainer_loads_torch_or_a_language_model(package: str) -> None:
    _, loaded = run_and_list(IMPORT_ALL.format(package=package))
    assert package in loaded
    assert loaded & {"torch", "openai", "transformers", "twnm_bench", "twnm_train"} == set()


def test_importing_the_simulator_loads_nothing_heavy() -> None:
    _, loaded = run_and_list("import twnm_sim, twnm_shards")
    assert loaded & HEAVY == set()

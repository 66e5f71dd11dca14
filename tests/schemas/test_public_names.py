"""The vocabulary's public names: where each lives, and the error tree as drawn."""

import ast
import importlib
import re
from pathlib import Path

import pytest

import twnm_schemas
from twnm_schemas import MachineError, TwnmError, errors


def exported_to_type_checkers() -> dict[str, str]:
    """The names imported under TYPE_CHECKING, each with its module."""
    tree = ast.parse(Path(twnm_schemas.__file__).read_text("utf-8"))
    guarded = next(node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
    imports = [node for node in guarded.body if isinstance(node, ast.ImportFrom)]
    return {alias.name: str(node.module) for node in imports for alias in node.names}


def test_type_checkers_and_programs_see_the_same_names() -> None:
    offered = {name: f"twnm_schemas.{module}" for name, module in twnm_schemas._HOME_OF.items()}
    assert offered == exported_to_type_checkers()
    assert set(twnm_schemas.__all__) == set(offered)


@pytest.mark.parametrize("name", twnm_schemas.__all__)
def test_a_name_is_the_one_of_its_module(name: str) -> None:
    home = importlib.import_module(f"twnm_schemas.{twnm_schemas._HOME_OF[name]}")
    value = getattr(twnm_schemas, name)
    assert value is getattr(home, name)
    if hasattr(value, "__module__"):
        assert value.__module__ == home.__name__
    assert name in dir(twnm_schemas)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="Rooom"):
        _ = twnm_schemas.Rooom  # type: ignore[attr-defined]


def test_the_error_tree_is_the_one_drawn() -> None:
    drawn: dict[str, str] = {}
    parents = {0: "Exception"}
    for line in str(errors.__doc__).splitlines():
        if match := re.match(r"([| `-]*)([A-Z]\w+Error)\b(?!`)", line):
            depth = len(match.group(1)) // 4 + 1
            parents[depth] = match.group(2)
            drawn[match.group(2)] = parents[depth - 1]
    defined = {name: value for name, value in vars(errors).items() if isinstance(value, type)}
    assert drawn == {name: value.__base__.__name__ for name, value in defined.items() if value.__base__}
    assert set(drawn) == {name for name in twnm_schemas.__all__ if name.endswith("Error")}


def test_only_the_machine_s_own_failures_exit_with_1() -> None:
    codes = {name: vars(value).get("exit_code", 2) for name, value in vars(errors).items() if isinstance(value, type)}
    assert {name for name, code in codes.items() if code != TwnmError.exit_code} == {"MachineError"}
    assert (TwnmError.exit_code, MachineError.exit_code) == (2, 1)

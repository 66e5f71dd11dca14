"""The prompts that ship, and the folder of a person's own."""

import re
from pathlib import Path
from typing import Any

import pytest

import twnm_bench.llm.templates as templates
from twnm_bench.llm.templates import Prompts, list_prompts, render_prompt
from twnm_schemas.errors import SpecError

VALUES: dict[str, dict[str, Any]] = {
    "reword_question": {
        "question": "Where is the dog?",
        "choices": ["to your left", "straight ahead"],
        "facts": ["the dog"],
        "tone": "plain",
    },
    "open_qa": {
        "scene": "A dog barks to the left & a bell rings ahead.",
        "pairs": 2,
        "abilities": ["what sounds", "where it is"],
    },
    "rationale": {
        "question": "Which is nearer?",
        "choices": ["the dog", "the bell"],
        "answer": "the bell",
        "steps": ["The bell is about one metre away.", "The dog is about four metres away."],
        "sentences": 5,
    },
}


def source_of(name: str) -> str:
    return (Path(templates.__file__).parent / "prompts" / f"{name}.j2").read_text("utf-8")


def test_the_three_prompts_ship() -> None:
    assert list_prompts() == sorted(VALUES)


@pytest.mark.parametrize("name", VALUES)
def test_every_value_is_said_as_it_is_and_none_is_optional(name: str) -> None:
    text = render_prompt(name, **VALUES[name])
    for value in VALUES[name].values():
        for part in value if isinstance(value, list) else [value] if isinstance(value, str) else []:
            assert part in text
    assert text == text.strip()
    assert "{#" not in text
    for missing in VALUES[name]:
        with pytest.raises(SpecError, match=rf"{name}\.j2.*'{missing}' is undefined") as error:
            render_prompt(name, **{key: value for key, value in VALUES[name].items() if key != missing})
        assert error.value.exit_code == 2


@pytest.mark.parametrize("name", VALUES)
def test_the_comment_on_top_documents_every_value_and_the_reply(name: str) -> None:
    head = source_of(name).split("#}")[0]
    documented = set(re.findall(r"^\s+(\w+)\s+(?:str|int|list of str): ", head, re.MULTILINE))
    assert documented == set(VALUES[name])
    assert "Reply: {" in head


def test_options_carry_no_letters() -> None:
    for name in ("reword_question", "rationale"):
        assert not re.search(r"\b[A-D][.)]\s", render_prompt(name, **VALUES[name]))


def test_a_folder_of_ones_own_overrides_and_the_rest_stays(tmp_path: Path) -> None:
    (tmp_path / "rationale.j2").write_text("{{ question }} <b>{{ steps | length }}</b>\n")
    prompts = Prompts(tmp_path)
    assert prompts.render("rationale", **VALUES["rationale"]) == "Which is nearer? <b>2</b>"
    assert prompts.render("open_qa", **VALUES["open_qa"]) == render_prompt("open_qa", **VALUES["open_qa"])


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("{{ question", r"rationale\.j2 line 1 cannot be rendered"),
        ("{% if %}", r"rationale\.j2 line 1 cannot be rendered"),
        ("{{ nobody }}", "'nobody' is undefined"),
        ("{{ 1 / 0 }}", "division by zero"),
        ("{{ ''.__class__.__mro__ }}", "unsafe"),
        ("{% include 'other.j2' %}", r"no prompt 'other\.j2'"),
    ],
)
def test_a_prompt_that_cannot_be_rendered_is_one_sentence(tmp_path: Path, source: str, words: str) -> None:
    (tmp_path / "rationale.j2").write_text(source)
    with pytest.raises(SpecError, match=words) as error:
        Prompts(tmp_path).render("rationale", **VALUES["rationale"])
    assert "\n" not in str(error.value)


def test_a_folder_that_overrides_nothing_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="is no folder of prompts"):
        Prompts(tmp_path / "nowhere")
    (tmp_path / "reword.j2").write_text("x")
    with pytest.raises(SpecError, match=r"reword\.j2 overrides no prompt; those that ship: open_qa\.j2"):
        Prompts(tmp_path)
    with pytest.raises(SpecError, match=r"no prompt 'nothing\.j2'"):
        render_prompt("nothing")

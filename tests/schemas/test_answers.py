"""The answer grammar: both spellings are read, nothing is guessed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twnm_schemas import Answer, parse_answer, write_answer

PAPER = """|<think>| The core of the question is to infer the most reasonable scene.

- Option A states that the sound was placed at a position.
- Option B describes a wide-open space.

In summary, Option A best fits the sound characteristics. | </think> |

According to the audio analysis, it is likely a processed audio rather than a real-world event.

|<answer>| A |</answer>|
"""


def test_the_output_printed_in_the_paper_is_read() -> None:
    answer = parse_answer(PAPER)
    assert answer is not None
    assert answer.choice == "A"
    assert answer.think.startswith("The core of the question")
    assert answer.think.endswith("best fits the sound characteristics.")


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("<think>left</think><answer>B</answer>", Answer("left", "B")),
        ("<think>\nleft\n</think>\n\n<answer> B </answer>\n", Answer("left", "B")),
        ("|<think>|left|</think>||<answer>|B|</answer>|", Answer("left", "B")),
        ("|<think>| left |</think>| so |<answer>| B |</answer>|", Answer("left", "B")),
        ("<think>left</think> so it is <answer>C</answer>", Answer("left", "C")),
        ("<answer>D</answer>", Answer("", "D")),
        ("<think></think><answer>D</answer>", Answer("", "D")),
        ("<answer>(D)</answer>", Answer("", "D")),
        ("<answer>D. a dog, 3 m away</answer>", Answer("", "D")),
        ("<answer>D: a dog</answer>", Answer("", "D")),
        ("<answer>D) a dog</answer>", Answer("", "D")),
        ("<answer>(A) A dog barks</answer>", Answer("", "A")),
        ("<think>either |a| or |b|</think><answer>A</answer>", Answer("either |a| or |b|", "A")),
    ],
)
def test_an_answer_is_read(text: str, answer: Answer) -> None:
    assert parse_answer(text) == answer


@pytest.mark.parametrize(
    "text",
    [
        "",
        "B",
        "The answer is B.",
        "<think>B</think>",
        "<answer></answer>",
        "<answer>E</answer>",
        "<answer>b</answer>",
        "<answer>AB</answer>",
        "<answer>A or B</answer>",
        "<answer>A, B</answer>",
        "<answer>A. a dog B. a cat</answer>",
        "<answer>A. a dog\nB. a cat</answer>",
        "<answer>(A) or (B)</answer>",
        "<answer>Apple</answer>",
        "<answer>A dog</answer>",
        "<answer>not A</answer>",
        "<answer>B</answer> or rather C",
        "<answer>B</answer><answer>C</answer>",
        "<answer>B</answer><think>left</think>",
        "<think>a</think><think>b</think><answer>B</answer>",
        "<think>left<answer>B</answer></think>",
        "<think>left<answer>B</answer>",
        "left</think><answer>B</answer>",
        "<answer>B",
        "B</answer>",
        "<think>left</think><answer>B</nswer>",
        "<Think>left</Think><Answer>B</Answer>",
    ],
)
def test_what_does_not_parse_is_never_guessed(text: str) -> None:
    assert parse_answer(text) is None


@given(st.text(), st.sampled_from("ABCD"))
def test_what_is_written_is_read_back(think: str, choice: str) -> None:
    if "<think>" not in think:
        assert parse_answer(write_answer(think, choice)) == Answer(think.strip(), choice)


@given(st.text(alphabet="|<>/ thinkaswer\n"), st.sampled_from("ABCD"))
def test_pipes_and_brackets_in_the_reasoning_survive(think: str, choice: str) -> None:
    try:
        text = write_answer(think, choice)
    except ValueError:
        assert "think>" in think or "answer>" in think
    else:
        assert parse_answer(text) == Answer(think.strip(), choice)


@pytest.mark.parametrize(
    ("think", "choice"), [("x", "E"), ("x", ""), ("x", "AB"), ("<answer>A</answer>", "A"), ("</think>", "A")]
)
def test_what_could_not_be_read_back_is_not_written(think: str, choice: str) -> None:
    with pytest.raises(ValueError, match=r"answer|tags"):
        write_answer(think, choice)


@given(st.text(alphabet="|<>/ thinkaswerABCD.()\n", max_size=80))
def test_any_text_gives_one_letter_or_none(text: str) -> None:
    answer = parse_answer(text)
    assert answer is None or answer.choice in "ABCD"

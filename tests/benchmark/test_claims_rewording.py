"""Questions in other words: what may change and what must stay."""

import pytest

from twnm_bench.claims.rewording import check_rewording

TURN = "If you turned 90 degrees to the left, where would the sound of a church bell be?"
CHOICES = ("On your left", "In front of you", "On your right", "At your back")
SLOTS = {"turn": "90 degrees to the left", "sound": "the sound of a church bell"}
NAMES = ("church bell", "dog barking", "rain", "siren")


@pytest.mark.parametrize(
    "text",
    [
        "You turn 90 degrees to the left: where is the church bell then?",
        "Suppose you rotated 90 degrees to the left. Where would you hear a church bell?",
        "After turning to the left by 90 degrees, from where does the sound of the church bell come?",
    ],
)
def test_the_same_question_in_other_words_passes(text: str) -> None:
    assert check_rewording(TURN, text, SLOTS, CHOICES, CHOICES[2], NAMES) == ""


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("You turn 90 degrees to the right: where is the church bell then?", 'no longer says "90 degrees to the left"'),
        ("You turn 45 degrees to the left: where is the church bell then?", "no longer says"),
        ("You turn 90 degrees to the left: where is the dog then?", 'no longer says "church bell"'),
        ("You turn to the left: where is the church bell then?", "no longer says"),
        ("You turn 90 degrees to the left: is the church bell not behind you?", "adds"),
        ("You turn 90 degrees to the left near the siren: where is the church bell?", 'adds the sound "siren"'),
        ("You turn 90 degrees to the left: where is the nearest church bell?", 'adds "nearest"'),
        ("You turn 90 degrees to the left, with 3 others: where is the church bell?", "adds the number 3"),
        ("You turn 90 degrees to the left and hear the church bell.", "question mark"),
        ("You turn 90 degrees to the left: is the church bell on your right?", 'adds "right"'),
    ],
)
def test_what_changes_the_question_is_named(text: str, fault: str) -> None:
    found = check_rewording(TURN, text, SLOTS, CHOICES, CHOICES[2], NAMES)
    assert fault in found
    assert found.endswith(".")


@pytest.mark.parametrize(
    ("original", "text", "facts"),
    [
        ("Which of these sounds is not in the recording?", "Which of these sounds is in the recording?", []),
        ("Which sound is the nearest from you?", "Which sound is the farthest from you?", ["nearest"]),
        ("Which sound is the nearest from you?", "Which sound do you hear?", ["nearest"]),
        ("How many sounds come from your left?", "How many sounds come from your right?", {"side": "left"}),
        ("If a dog and a bell changed places, where is the dog?", "Where is the dog, where the bell?", ["dog", "bell"]),
    ],
)
def test_negation_sides_and_comparisons_must_stay(original: str, text: str, facts: object) -> None:
    assert check_rewording(original, original, facts, CHOICES, CHOICES[0]) == ""  # type: ignore[arg-type]
    assert check_rewording(original, text, facts, CHOICES, CHOICES[0]) != ""  # type: ignore[arg-type]


def test_a_question_that_states_the_right_option_is_refused() -> None:
    question = "Which sound reaches you from the front left?"
    choices = ("The sound of a dog", "The sound of rain", "The sound of a siren", "The sound of a fan")
    text = "Which sound, surely the sound of rain, reaches you from the front left?"
    assert check_rewording(question, text, {"where": "the front left"}, choices, choices[1]) == (
        "It states the right option."
    )
    assert "adds" in check_rewording(question, text, {"where": "the front left"}, choices, choices[0])

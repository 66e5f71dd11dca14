"""The readers who hear nothing: what each of them finds, and that they learn nothing from what they are tried on."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from fair_sets import Row, make_rows, set_options, to_items

from twnm_bench.audit.asking import ModelReader
from twnm_bench.audit.chance import weigh_guesses
from twnm_bench.audit.grouping import cut_folds, group_items
from twnm_bench.audit.readers import (
    Rank,
    rank_consensus,
    rank_longest,
    rank_shortest,
    try_reader,
    try_taught,
    try_untaught,
)
from twnm_bench.audit.run import LANGUAGE_MODEL, audit_items, read_without_hearing
from twnm_bench.items import Item
from twnm_bench.llm.scripted import Said, ScriptedModel
from twnm_schemas.errors import SpecError

TASK = ("source_counting",)


def make_item(*choices: str, key: int = 0, number: int = 0, scene: str = "", tags: tuple[str, ...] = ()) -> Item:
    return Item(f"q{number}", "t", "", "which?", choices, key, scene_id=scene or f"s{number}", tags=tags)


def caught_by(rows: Sequence[Row], folder: Path) -> set[str]:
    guesses = weigh_guesses(read_without_hearing(to_items(rows, folder)))
    return {guess.baseline for guess in guesses if not guess.passed}


def test_lengths_are_characters_and_ties_are_all_picked() -> None:
    item = make_item("abc", " abcd ", "ab", "wxyz")
    assert rank_longest(item) == [3, 4, 2, 4]
    (longest,), (shortest,) = (try_untaught([item], rank) for rank in (rank_longest, rank_shortest))
    assert (longest.picks, shortest.picks) == ({1, 3}, {2})
    assert longest.chance == 2 * shortest.chance


def test_consensus_is_the_mean_overlap_of_words_and_pairs() -> None:
    """Four words and three pairs each; a word at an end takes one pair with it, one inside takes two."""
    marks = rank_consensus(make_item("a b c d", "x b c d", "a b c y", "a z c d"))
    # with the key they share 3 words and 2, 2, 1 pairs of 7 each: 5/9, 5/9, 4/10
    assert marks[0] == pytest.approx((5 / 9 + 5 / 9 + 4 / 10) / 3)
    # x b c d and a b c y share b, c and b-c; x b c d and a z c d share c, d and c-d: 3 of 11
    assert marks[1] == pytest.approx((5 / 9 + 3 / 11 + 3 / 11) / 3)
    assert max(marks) == marks[0]


def test_a_set_whose_distractors_are_the_key_changed_once_is_caught_by_consensus(tmp_path: Path) -> None:
    rows = make_rows(5, per_task=60, tasks=TASK)
    rng = np.random.default_rng(5)
    for row in rows:
        words = [f"w{n}" for n in rng.integers(100, 999, size=6)]
        others = []
        for place in rng.choice(6, 3, replace=False):
            others.append([*words[:place], f"w{rng.integers(100, 999)}", *words[place + 1 :]])
        set_options(row, " ".join(words), [" ".join(other) for other in others])
    assert caught_by(rows, tmp_path) == {"consensus"}


def test_swapped_words_are_seen_by_consensus_where_their_order_alone_tells(tmp_path: Path) -> None:
    """All options have the same words; each distractor has two neighbours exchanged."""
    rows = make_rows(6, per_task=60, tasks=TASK)
    rng = np.random.default_rng(6)
    for row in rows:
        words = [f"w{n}" for n in rng.choice(np.arange(10, 99), 8, replace=False)]
        others = [
            [*words[:place], words[place + 1], words[place], *words[place + 2 :]]
            for place in rng.choice(7, 3, replace=False)
        ]
        set_options(row, " ".join(words), [" ".join(other) for other in others])
    assert caught_by(rows, tmp_path) == {"consensus"}


def test_a_word_that_leaks_is_caught_by_the_bag_of_words(tmp_path: Path) -> None:
    """Two of three keys say "clear", one of nine distractors: all texts are new, so that counting texts finds none."""
    rows = make_rows(7, per_task=120, tasks=TASK)
    rng = np.random.default_rng(7)

    def word(says: bool) -> str:
        return f"{'clear' if says else 'vague'} w{rng.integers(10**6, 10**7)}"

    for number, row in enumerate(rows):
        set_options(row, word(number % 3 > 0), [word(rng.random() < 1 / 9) for _ in range(3)])
    assert caught_by(rows, tmp_path) == {"bag of words"}


def test_a_word_of_the_question_that_tells_the_word_of_the_answer_is_caught_by_the_bag_of_words(tmp_path: Path) -> None:
    """No word of an option leaks by itself: each is the key equally often."""
    rows = make_rows(8, per_task=160, tasks=TASK)
    pairs = {"morning": "bird", "kitchen": "kettle", "street": "engine", "church": "organ"}
    for number, row in enumerate(rows):
        place, thing = list(pairs.items())[number % 4]
        row["question"] = f"What is heard in the {place}?"
        set_options(row, f"the {thing}", [f"the {other}" for other in pairs.values() if other != thing])
        row["provenance"] = {"variant": "plain"}
    assert caught_by(rows, tmp_path) == {"bag of words"}


def test_an_answer_that_a_variant_likes_is_caught_by_majority(tmp_path: Path) -> None:
    rows = make_rows(9, per_task=80, tasks=TASK)
    usual = rows[0]["choices"][0]
    for row in rows[::2]:
        key = row["choices"][row["answer_index"]]
        set_options(row, usual, [choice for choice in dict.fromkeys([*row["choices"], key]) if choice != usual][:3])
    assert "majority" in caught_by(rows, tmp_path)


def test_scenes_and_contrast_pairs_stay_together() -> None:
    items = [
        make_item("a", "b", number=0, scene="x", tags=("pair:1",)),
        make_item("a", "b", number=1, scene="y", tags=("pair:1", "front_back")),
        make_item("a", "b", number=2, scene="y", tags=("front_back",)),
        make_item("a", "b", number=3, scene="z", tags=("front_back",)),
        Item("q4", "t", "", "?", ("a", "b"), 0, raw={"audio": "one.wav"}),
        Item("q5", "t", "", "?", ("a", "b"), 0, raw={"audio": "one.wav"}),
        Item("q6", "t", "", "?", ("a", "b"), 0),
        Item("q7", "t", "", "?", ("a", "b"), 0),
    ]
    groups = group_items(items)
    assert len({*groups[:3]}) == 1
    assert groups[4] == groups[5]
    assert len(set(groups)) == 5
    many = [make_item("a", "b", number=n, scene=f"s{n // 2}", tags=(f"pair:{n // 4}",)) for n in range(200)]
    folds = cut_folds(many)
    assert all(len({*folds[start : start + 4]}) == 1 for start in range(0, 200, 4))
    assert [folds.count(fold) for fold in range(10)] == [20] * 10


def test_a_fold_is_answered_from_what_came_before_it_and_the_first_not_at_all() -> None:
    items = [make_item("a", "b", "c", "d", number=n) for n in range(50)]
    fold_of = dict(zip((item.id for item in items), cut_folds(items), strict=True))
    learnt: list[set[int]] = []

    def learn(known: Sequence[Item]) -> Rank:
        learnt.append({fold_of[item.id] for item in known})
        return lambda item: [0.0, 1.0, 0.0, 0.0] if fold_of[item.id] not in learnt[-1] else [1.0, 0.0, 0.0, 0.0]

    tries = try_taught(items, learn)
    assert learnt == [set(range(fold)) for fold in range(1, 10)]
    assert len(tries) == 45
    assert all(one.picks == {1} for one in tries)


def test_too_few_questions_to_learn_from_are_not_tried(tmp_path: Path) -> None:
    rows = make_rows(0, per_task=1, tasks=TASK)
    found = audit_items(to_items(rows, tmp_path))
    assert {guess.baseline for guess in found.guesses} <= {"longest option", "shortest option", "consensus"}


# ---------------------------------------------------------------- a language model


def test_a_language_model_that_knows_is_caught_and_asked_for_text_alone(tmp_path: Path) -> None:
    items = to_items(make_rows(2, per_task=40, tasks=TASK), tmp_path)
    keys = {options(item): "ABCD"[item.key] for item in items}
    model = ScriptedModel(lambda prompt: {"answer": next(key for text, key in keys.items() if text in prompt)})
    found = audit_items(items, reader=ModelReader(model))
    (guess,) = (guess for guess in found.guesses if guess.baseline == LANGUAGE_MODEL)
    assert (guess.hits, guess.n, guess.passed) == (40, 40, False)
    assert [verdict.name for verdict in found.failed] == ["text_only"]
    assert len(model.calls) == 40
    said = {turn for call in model.calls for turn in call.turns}
    assert not any(item.scene_id in turn or item.program in turn for turn in said for item in items)


def options(item: Item) -> str:
    return "\n".join(f"{letter}. {choice}" for letter, choice in zip("ABCD", item.choices, strict=True))


def test_replies_without_a_letter_are_left_out_and_a_model_that_gives_none_is_an_error(tmp_path: Path) -> None:
    items = to_items(make_rows(2, per_task=4, tasks=TASK), tmp_path)
    said: tuple[Said, ...] = ({"answer": "B"}, {"answer": "E"}, "no idea", {"answer": "D"})
    replies = dict(zip(map(options, items), said, strict=True))
    model = ScriptedModel(lambda prompt: next((r for text, r in replies.items() if text in prompt), "still none"))
    tries = try_reader(items, ModelReader(model))
    assert [(one.item.id, one.picks) for one in tries] == [(items[0].id, {1}), (items[3].id, {3})]
    with pytest.raises(SpecError, match="gave no question a letter"):
        try_reader(items, ModelReader(ScriptedModel(lambda prompt: "no idea")))

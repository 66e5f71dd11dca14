"""Splits are decided by a group's name alone."""

from collections import Counter

from twnm_schemas.splits import SHARES, split_of


def test_a_groups_split_is_pinned():
    """Moving a group would move published rooms and clips between train and test."""
    found = [n for n in range(40) if split_of(f"room:{n}") != "train"]
    assert found == [0, 4, 31]
    assert {split_of(f"room:{n}") for n in found} == {"validation"}


def test_shares_are_kept():
    counts = Counter(split_of(f"uploader:{n}") for n in range(20000))
    assert abs(sum(share for _, share in SHARES) - 1.0) < 1e-12
    for split, share in SHARES:
        assert abs(counts[split] / 20000 - share) < 0.01

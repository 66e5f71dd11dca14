"""Labels that stand beside a drawing in columns, each with a line to its spot, so that none lies on another."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

Floats = NDArray[np.float64]


def spread_labels(wanted_N: Floats, height: float, low: float, high: float) -> Floats:
    """Where labels of a `height` go so that they keep clear of each other between `low` and `high`.

    As near as can be to where they are wanted (least squares), in the order wanted. Where there is not room for all,
    they stand evenly and closer than their height.
    """
    count = len(wanted_N)
    height = min(height, (high - low) / max(count, 1))
    order_N = np.argsort(wanted_N, kind="stable")
    steps_N = height * np.arange(count)
    slack_N = isotonic_regression(wanted_N[order_N] - steps_N).x
    placed_N = np.empty(count)
    placed_N[order_N] = steps_N + np.clip(slack_N, low + 0.5 * height, high - 0.5 * height - steps_N[-1])
    return placed_N


def choose_sides(x_N: Floats, middle: float, room_for: int) -> NDArray[np.bool_]:
    """Which labels stand at the left: those of spots left of the middle, as far as a side has room for so many."""
    order_N = np.argsort(x_N, kind="stable")
    count = len(order_N)
    lefts = int(np.count_nonzero(x_N < middle))
    lefts = min(max(lefts, count - room_for), max(room_for, count - room_for))
    is_left_N = np.zeros(count, bool)
    is_left_N[order_N[:lefts]] = True
    return is_left_N

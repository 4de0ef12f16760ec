"""Levels of a bucket's rows: beside each other, all of the row, and views of it."""

import numpy as np
import pytest

from clusters.simulated.telemetry.layout import LEVELS, SEEN, Layout
from tests.stands import APPLICATION


@pytest.mark.parametrize("is_scraped", [False, True])
def test_every_row_is_one_signal_of_one_level(is_scraped: bool) -> None:
    layout = Layout(APPLICATION, is_scraped=is_scraped)
    rows = np.zeros((2, 3, layout.num_rows))
    for name in (*LEVELS, *(SEEN.values() if is_scraped else ())):
        layout.level(rows, name)[...] += 1.0
    assert (rows == 1.0).all()
    assert layout.num_told == Layout(APPLICATION).num_rows


def test_a_level_lies_the_same_way_along_any_axis() -> None:
    layout = Layout(APPLICATION)
    rows = np.arange(layout.num_rows)
    for name, signals in LEVELS.items():
        level = layout.level(rows, name)
        assert level.shape[1] == len(signals)
        across = layout.by_signal(np.repeat(rows[:, None], 4, axis=1), name, axis=0)
        np.testing.assert_array_equal(across, np.repeat(level.T[..., None], 4, axis=-1))

"""Numbers drawn one after the other: the same for the same place in time, and rightly distributed."""

import numpy as np
import pytest

from clusters.simulated.randomness import seed_words
from clusters.simulated.streams.draws import PURPOSE_LOG_COUNTS, PURPOSE_TRACES, Draws


def draws(seed: int = 1, bucket: int = 5, purpose: int = PURPOSE_TRACES) -> Draws:
    """Fresh ones."""
    return Draws(seed_words([seed]), bucket, purpose)


def test_seed_bucket_and_purpose_name_a_sequence() -> None:
    one = draws()
    values = [one.uniform() for _ in range(1000)]
    again = draws()
    assert values == [again.uniform() for _ in range(1000)]
    assert len(set(values)) == 1000
    for other in (draws(seed=2), draws(bucket=6), draws(purpose=PURPOSE_LOG_COUNTS), draws(purpose=PURPOSE_TRACES + 1)):
        assert not set(values) & {other.uniform() for _ in range(1000)}


def test_draws_are_distributed_as_they_say() -> None:
    source = draws()
    lognormal = np.array([source.lognormal(20.0, 0.5) for _ in range(20_000)])
    assert lognormal.mean() == pytest.approx(20.0, rel=0.03)
    assert lognormal.var() / lognormal.mean() ** 2 == pytest.approx(0.5, rel=0.15)
    assert np.mean([source.chance(0.3) for _ in range(10_000)]) == pytest.approx(0.3, abs=0.02)
    whole = [source.whole(2.25) for _ in range(10_000)]
    assert set(whole) == {2, 3}
    assert np.mean(whole) == pytest.approx(2.25, abs=0.02)


def test_hexadecimal_numbers_have_their_length() -> None:
    source = draws()
    ids = {source.hexadecimal(16) for _ in range(100)}
    assert len(ids) == 100
    assert all(len(text) == 16 and int(text, 16) > 0 for text in ids)

"""The signal catalogue, and windows that are kept."""

import numpy as np
import pytest

from clusters.telemetry import (
    EDGE_SIGNALS,
    JOURNEY_SIGNALS,
    NODE_SIGNALS,
    STAND_SIGNALS,
    TelemetryWindow,
    signal_index,
)

LEVELS = (NODE_SIGNALS, EDGE_SIGNALS, JOURNEY_SIGNALS, STAND_SIGNALS)


def window() -> TelemetryWindow:
    """Two stands, four buckets."""
    return TelemetryWindow(
        bucket_seconds=10.0,
        times_ns=np.arange(8).reshape(2, 4),
        nodes=np.arange(8, dtype=np.float32).reshape(2, 4, 1, 1),
        edges=np.zeros((2, 4, 1, 1), dtype=np.float32),
        journeys=np.zeros((2, 4, 1, 1), dtype=np.float32),
        stand=np.zeros((2, 4, 1), dtype=np.float32),
        missing=-1.0,
    )


def test_names_are_unique_and_found() -> None:
    for signals in LEVELS:
        assert [signal_index(signals, signal.name) for signal in signals] == list(range(len(signals)))
    with pytest.raises(KeyError, match="known are request_rate_rps"):
        signal_index(NODE_SIGNALS, "mood")


def test_a_kept_window_stays_what_it_was() -> None:
    whole = window()
    kept = whole.of_stand(1).latest(2)
    whole.nodes[...] = 0.0
    assert kept.nodes[:, 0, 0].tolist() == [6.0, 7.0]
    assert kept.times_ns.tolist() == [6, 7]
    assert (kept.num_buckets, kept.bucket_seconds, kept.missing) == (2, 10.0, -1.0)

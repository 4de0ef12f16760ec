"""Windows of telemetry, compared."""

from dataclasses import fields

import numpy as np

from clusters.telemetry import TelemetryWindow


def assert_equal(one: TelemetryWindow, other: TelemetryWindow) -> None:
    """Equal to the last bit, missing values included."""
    for field in fields(one):
        mine, theirs = (np.asarray(getattr(window, field.name)) for window in (one, other))
        assert mine.tobytes() == theirs.tobytes(), field.name

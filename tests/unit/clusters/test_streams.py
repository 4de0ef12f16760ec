"""What may be asked of a stand beside its metrics, and how parts are put together."""

from dataclasses import fields

import pytest

from clusters.streams import LogLine, StandStreams, StreamsSpec, joined


def test_nothing_is_asked_for_unless_named() -> None:
    assert StreamsSpec().names == ()
    assert StreamsSpec(logs=True, coroot_findings=True).names == ("logs", "coroot_findings")
    everything = StreamsSpec(**{stream.name: True for stream in fields(StandStreams)})
    assert everything.names == tuple(stream.name for stream in fields(StandStreams))


@pytest.mark.parametrize("name", ["traces_per_bucket", "lines_per_pattern"])
def test_less_than_nothing_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        StreamsSpec(**{name: -1})


def test_parts_follow_each_other() -> None:
    lines = [LogLine(time_ns=n, service="cart", severity="INFO", body="x", count=1) for n in range(3)]
    parts = [StandStreams(logs=(lines[0],)), StandStreams(), StandStreams(logs=(lines[1], lines[2]))]
    assert joined(parts) == StandStreams(logs=tuple(lines))
    assert joined([]) == StandStreams()

"""The Stand contract: one isolated running instance of an application, whatever it runs on.

`StandBatch` is the same for N simulated stands that step together. The control loop in `envs` is written once,
against `StandBatch`; `as_batch` lifts one stand to a batch of one.
"""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from clusters.commands import Command, Receipt
from clusters.fault_rows import Rows
from clusters.scenario import Scenario
from clusters.streams import StandStreams, StreamsSpec
from clusters.telemetry import TelemetryWindow
from clusters.topology import Application


class StandError(RuntimeError):
    """A stand cannot do what was asked: the message names the stand and the fix. A user sees it as one sentence."""


@runtime_checkable
class Stand(Protocol):
    """One stand. `close` is idempotent; a closed stand raises StandError on anything else."""

    @property
    def application(self) -> Application:
        """What runs on it."""
        ...

    def reset(self, scenario: Scenario, seed: int) -> TelemetryWindow:
        """Return to the known baseline, play `scenario.workload` from its start, and run its warm-up.

        No fault is injected: the control loop does that by commands. `seed` drives all randomness.
        Returns the telemetry of the whole warm-up.
        """
        ...

    def apply(self, command: Command) -> Receipt:
        """Change the stand now. Never raises for a command that cannot be carried out: the receipt says so."""
        ...

    def verify(self, receipt: Receipt) -> Receipt:
        """Ask again whether the command took effect: the same receipt with its postcheck brought up to date."""
        ...

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        ...

    def observe(self, window_seconds: float, bucket_seconds: float) -> TelemetryWindow:
        """Telemetry of the last `window_seconds`. Missing series and times before the reset are NaN."""
        ...

    def close(self) -> None:
        """Release the stand."""
        ...


@runtime_checkable
class StandBatch(Protocol):
    """N stands of one application that step together. `stands` selects by index; None means all."""

    @property
    def application(self) -> Application:
        """What runs on each."""
        ...

    @property
    def num_stands(self) -> int:
        """N."""
        ...

    def reset(self, stands: Sequence[int], scenarios: Sequence[Scenario], seeds: Sequence[int]) -> None:
        """As `Stand.reset` for each stand named; the other stands do not move."""
        ...

    def apply(self, stand: int, command: Command) -> Receipt:
        """As `Stand.apply`."""
        ...

    def verify(self, stand: int, receipt: Receipt) -> Receipt:
        """As `Stand.verify`."""
        ...

    def advance(self, seconds: float, stands: NDArray[np.int64] | None = None) -> None:
        """As `Stand.advance`."""
        ...

    def observe(
        self, window_seconds: float, bucket_seconds: float, stands: NDArray[np.int64] | None = None
    ) -> TelemetryWindow:
        """As `Stand.observe`, with a leading stand axis."""
        ...

    def close(self) -> None:
        """Release all stands."""
        ...


@runtime_checkable
class RowBatch(Protocol):
    """A `StandBatch` that carries out faults' commands as rows, many at once: the simulated one."""

    def apply_rows(self, stands: NDArray[np.int64], rows: Rows, fault_ids: NDArray[np.object_]) -> NDArray[np.bool_]:
        """Carry out rows on stands that were all reset; what they name exists, and their values are possible.

        Args:
            stands: [K]; a stand's rows stand in the order in which they are given.
            rows: [K] one for each.
            fault_ids: [K] tuples of str: what a row's `fault` counts.

        Returns:
            [K] which were; the commands of the others are to be applied one by one.
        """
        ...


@runtime_checkable
class StreamSource(Protocol):
    """A `StandBatch` that can also tell what happened beside the metrics. Not every backend can."""

    def streams(self, stand: int, start_ns: int, end_ns: int, spec: StreamsSpec) -> StandStreams:
        """What a stand told from `start_ns` to before `end_ns`, whole buckets that are over.

        Asked for consecutive times, it tells everything once.

        Raises:
            StandError: the span is no whole buckets, or reaches beyond what is kept.
        """
        ...


@runtime_checkable
class StreamingStand(Stand, Protocol):
    """A stand that can also tell what happened beside the metrics."""

    def streams(self, start_ns: int, end_ns: int, spec: StreamsSpec) -> StandStreams:
        """As `StreamSource.streams`, of this stand."""
        ...


def as_batch(stand: Stand) -> "SingleStandBatch":
    """One stand as a batch of one, which tells streams if the stand does."""
    return SingleStreamingBatch(stand) if isinstance(stand, StreamingStand) else SingleStandBatch(stand)


class SingleStandBatch:
    """One stand, as a batch of one."""

    num_stands = 1

    def __init__(self, stand: Stand) -> None:
        self._stand = stand

    @property
    def application(self) -> Application:
        """What runs on it."""
        return self._stand.application

    def reset(self, stands: Sequence[int], scenarios: Sequence[Scenario], seeds: Sequence[int]) -> None:
        """Reset the stand if it is named."""
        for _, scenario, seed in zip(stands, scenarios, seeds, strict=True):
            self._stand.reset(scenario, int(seed))

    def apply(self, stand: int, command: Command) -> Receipt:
        """Pass the command on."""
        return self._stand.apply(command)

    def verify(self, stand: int, receipt: Receipt) -> Receipt:
        """Pass the receipt on."""
        return self._stand.verify(receipt)

    def advance(self, seconds: float, stands: NDArray[np.int64] | None = None) -> None:
        """Let time pass, unless the stand is not selected."""
        if stands is None or len(stands):
            self._stand.advance(seconds)

    def observe(
        self, window_seconds: float, bucket_seconds: float, stands: NDArray[np.int64] | None = None
    ) -> TelemetryWindow:
        """The stand's window with a leading axis of one."""
        window = self._stand.observe(window_seconds, bucket_seconds)
        return TelemetryWindow(
            bucket_seconds=window.bucket_seconds,
            times_ns=window.times_ns[None],
            nodes=window.nodes[None],
            edges=window.edges[None],
            journeys=window.journeys[None],
            stand=window.stand[None],
        )

    def close(self) -> None:
        """Release the stand."""
        self._stand.close()


class SingleStreamingBatch(SingleStandBatch):
    """One stand that tells streams, as a batch of one."""

    def __init__(self, stand: StreamingStand) -> None:
        super().__init__(stand)
        self._streaming = stand

    def streams(self, stand: int, start_ns: int, end_ns: int, spec: StreamsSpec) -> StandStreams:
        """What the stand told."""
        return self._streaming.streams(start_ns, end_ns, spec)

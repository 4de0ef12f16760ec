"""One simulated stand by itself."""

from clusters.commands import Command, Receipt
from clusters.scenario import Scenario
from clusters.simulated.stands import SimulatedStands, Snapshot
from clusters.telemetry import TelemetryWindow
from clusters.topology import Application


class SimulatedStand:
    """One simulated stand: a `clusters.stand.Stand`, which is a batch of one."""

    def __init__(
        self, application: Application, *, bucket_seconds: float = 10.0, history_seconds: float = 1800.0
    ) -> None:
        self._batch = SimulatedStands(application, 1, bucket_seconds=bucket_seconds, history_seconds=history_seconds)
        self._bucket_seconds = bucket_seconds

    @property
    def application(self) -> Application:
        """What runs on it."""
        return self._batch.application

    def reset(self, scenario: Scenario, seed: int) -> TelemetryWindow:
        """Return to the baseline and run the scenario's warm-up; the telemetry of the warm-up."""
        self._batch.reset([0], [scenario], [seed])
        return self.observe(scenario.warmup_seconds, self._bucket_seconds)

    def apply(self, command: Command) -> Receipt:
        """Change the stand now; the receipt says what became of it."""
        return self._batch.apply(0, command)

    def verify(self, receipt: Receipt) -> Receipt:
        """The receipt with its postcheck brought up to date."""
        return self._batch.verify(0, receipt)

    def advance(self, seconds: float) -> None:
        """Let time pass; `seconds` is a multiple of the tick."""
        self._batch.advance(seconds)

    def observe(self, window_seconds: float, bucket_seconds: float) -> TelemetryWindow:
        """Telemetry of the last complete buckets, [T, ...]."""
        return self._batch.observe(window_seconds, bucket_seconds).of_stand(0)

    def snapshot(self) -> Snapshot:
        """A copy of everything."""
        return self._batch.snapshot()

    def restore(self, snapshot: Snapshot) -> None:
        """Return to a snapshot of a stand of this application."""
        self._batch.restore(snapshot)

    def close(self) -> None:
        """Release the stand; anything else raises StandError afterwards."""
        self._batch.close()

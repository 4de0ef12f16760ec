"""What a live stand reads its telemetry from."""

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from clusters.streams import StandStreams, StreamsSpec
from clusters.telemetry import TelemetryWindow
from clusters.topology import Application


@runtime_checkable
class TelemetrySource(Protocol):
    """The telemetry of all stands of one cluster. Safe to share between threads."""

    def window(
        self, application: Application, namespace: str, *, end_ns: int, window_seconds: float, bucket_seconds: float
    ) -> TelemetryWindow:
        """The buckets of a stand up to `end_ns`, a whole second; what is missing is NaN.

        Stands share their queries where their buckets end at the same times.

        Raises:
            StandError: the telemetry cannot be read at all; the message names the thing and the fix.
        """
        ...

    def streams(
        self, application: Application, namespace: str, start_ns: int, end_ns: int, spec: StreamsSpec
    ) -> StandStreams:
        """What a stand told from `start_ns` to before `end_ns`; asked for consecutive times it tells everything once.

        Raises:
            StandError: a stream that is asked for cannot be had from this cluster.
        """
        ...

    def why_missing(self, namespace: str) -> Mapping[str, str]:
        """Signals that the last window of a stand had no value of in its last bucket, and why."""
        ...

    def close(self) -> None:
        """Release connections and threads."""
        ...

"""What users got: counted and timed per journey, for the pod's state and over OTLP."""

from collections.abc import Iterable, Mapping, Sequence

from opentelemetry.metrics import CallbackOptions, Meter, Observation

from clusters.synthetic.plan import PlannedRequest
from clusters.synthetic.reporting import JOURNEY_DURATION
from clusters.synthetic.workload import JourneyOutcome, Workload

NO_LIMIT = -1.0
"""What the rate limit's gauge says while there is none: a gauge that is no longer sent keeps its last value."""


class Journeys:
    """Counts since the load began; reports `gym.journey.requests`, `gym.journey.duration` and `gym.load.rate_limit`."""

    def __init__(self, requests: Sequence[PlannedRequest], meter: Meter) -> None:
        self._names = tuple(dict.fromkeys(request.journey for request in requests))
        self._counts: dict[str, dict[str, int]] = {}
        self._limit_rps = NO_LIMIT
        self._requests = meter.create_counter("gym.journey.requests", unit="{request}")
        self._duration = meter.create_histogram(JOURNEY_DURATION, unit="ms")
        meter.create_observable_gauge("gym.load.rate_limit", [self._limit])
        for journey in self._names:
            for outcome in JourneyOutcome:
                # So that no series is born with its first request in it, which a rate would not see.
                self._requests.add(0, {"journey": journey, "outcome": outcome.value})
        self.begin()

    @property
    def counts(self) -> Mapping[str, Mapping[str, int]]:
        """Requests by journey and outcome."""
        return self._counts

    def begin(self) -> None:
        """Count anew; the metrics go on."""
        self._counts = {journey: {outcome.value: 0 for outcome in JourneyOutcome} for journey in self._names}

    def show_limit(self, workload: Workload | None) -> None:
        """Report this workload's rate limit."""
        admitted_rps = None if workload is None else workload.admitted_rps
        self._limit_rps = NO_LIMIT if admitted_rps is None else admitted_rps

    def kept(self, request: PlannedRequest, outcome: JourneyOutcome) -> None:
        """A request was not sent."""
        self._counts[request.journey][outcome.value] += 1
        self._requests.add(1, {"journey": request.journey, "outcome": outcome.value})

    def answered(self, request: PlannedRequest, *, succeeded: bool, duration_ms: float) -> None:
        """A request was sent, and answered or given up."""
        is_good = duration_ms <= request.slo_latency_milliseconds
        outcome = JourneyOutcome.GOOD if is_good else JourneyOutcome.SLOW
        self.kept(request, outcome if succeeded else JourneyOutcome.FAILED)
        self._duration.record(duration_ms, {"journey": request.journey})

    def _limit(self, _: CallbackOptions) -> Iterable[Observation]:
        yield Observation(self._limit_rps)

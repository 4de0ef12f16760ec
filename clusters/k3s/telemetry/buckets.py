"""Readings of one query, bucket by bucket, for all stands: asked once per bucket, whoever wants it first."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence

from clusters.k3s.telemetry.prometheus import Prometheus
from clusters.k3s.telemetry.queries import Query

Entity = tuple[str, ...]
"""A namespace, and then the service, the two ends of an edge, or the journey; or nothing more."""
Readings = Mapping[Entity, float]

_SECOND_NS = 10**9
_SPARE_BUCKETS = 30
"""Kept beyond the longest window that was asked for: stands are a little behind each other."""


class BucketReadings:
    """One query at one length of buckets. Not safe to share between threads: its reader holds a lock.

    Args:
        prometheus: who is asked.
        query: what is asked.
        bucket_seconds: length of the buckets.
        late_seconds: how long after a bucket's end it is read.
        namespace_prefix: of the stands.
    """

    def __init__(
        self, prometheus: Prometheus, query: Query, bucket_seconds: float, late_seconds: float, namespace_prefix: str
    ) -> None:
        self._prometheus, self._query = prometheus, query
        self._bucket_seconds = bucket_seconds
        self._late_seconds = late_seconds if query.is_late else 0.0
        self._expression = query.expression(bucket_seconds, namespace_prefix)
        self._known: OrderedDict[int, dict[Entity, float]] = OrderedDict()
        self._longest = 0

    def at(self, ends_ns: Sequence[int]) -> list[Readings]:
        """The readings of the buckets that end then: consecutive, ascending.

        Raises:
            PrometheusError: they cannot be had.
        """
        unknown = [end for end in ends_ns if end not in self._known]
        if unknown:
            self._ask(unknown[0], unknown[-1])
        readings = [self._known[end] for end in ends_ns]
        self._longest = max(self._longest, len(ends_ns))
        while len(self._known) > self._longest + _SPARE_BUCKETS:
            self._known.popitem(last=False)
        return list(readings)

    def _ask(self, first_ns: int, last_ns: int) -> None:
        step_ns = round(self._bucket_seconds * _SECOND_NS)
        start = first_ns / _SECOND_NS + self._late_seconds
        end = last_ns / _SECOND_NS + self._late_seconds
        series = self._prometheus.range(self._expression, start, end, self._bucket_seconds)
        found: dict[int, dict[Entity, float]] = {end_ns: {} for end_ns in range(first_ns, last_ns + 1, step_ns)}
        labels = (self._query.namespace_label, *self._query.entity_labels)
        for one in series:
            entity = tuple(one.labels.get(label, "") for label in labels)
            for time, value in one.samples:
                found[first_ns + round((time - start) / self._bucket_seconds) * step_ns][entity] = value
        for end_ns, readings in found.items():
            self._known.setdefault(end_ns, readings)

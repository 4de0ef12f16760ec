"""Sampled requests as whole traces: a request is drawn, walks its calls, and every step of it is a span.

request type -> root (the user) -> [call -> attempts -> the callee's operation -> its calls ...]. Own times, failures
and unanswered attempts are drawn so that many traces together look as the bucket's telemetry says. A caller that gives
up cancels what it waits for, so a span lies within its parent; only what consumes a message lives on.
"""

from bisect import bisect
from collections.abc import Iterator
from itertools import accumulate
from typing import Final

from clusters.simulated.parameters import ENTRY_TIMEOUT_SECONDS, REJECTION_SECONDS
from clusters.simulated.streams.call_model import CallModel, call_model, nominal_ms, request_weights, split
from clusters.simulated.streams.draws import PURPOSE_TRACES, Draws
from clusters.simulated.streams.recorded import RecordedBuckets
from clusters.streams import Span
from clusters.topology import LOAD_GENERATOR, Application, Call

_MAX_SPANS: Final = 1000
"""Of one trace: a retry storm would fill the memory of any tracer."""
_PUBLISH_MS: Final = 0.3
"""Handing a message over."""
_SLOW_SHARE: Final = 0.3
"""A callee whose mean time is above this share of the timeout is slow, so that what is unanswered was begun there."""


def traces(recorded: RecordedBuckets, traces_per_bucket: int) -> Iterator[Span]:
    """The spans of the traces whose requests began in the buckets to tell of, trace by trace."""
    if not traces_per_bucket:
        return
    for position in recorded.told:
        weights = request_weights(recorded, position)
        if sum(weights.values()) <= 0.0:
            continue
        model = call_model(recorded, position)
        for number in range(traces_per_bucket):
            draws = recorded.draws(position, PURPOSE_TRACES + number)
            yield from _trace(recorded, position, model, weights, draws)


def _trace(
    recorded: RecordedBuckets, position: int, model: CallModel, weights: dict[str, float], draws: Draws
) -> list[Span]:
    application = recorded.application
    bounds = list(accumulate(weights.values()))
    chosen = min(bisect(bounds, draws.uniform() * bounds[-1]), len(bounds) - 1)
    request = application.request_types[chosen]
    walk = _Walk(application, model, draws, recorded.start_ns(position) + int(draws.uniform() * recorded.bucket_ns))
    admitted = recorded.edges["request_rate_rps"][position, _entry_edges(application, split(request.operation)[0])]
    walk.send(request.name, request.operation, is_admitted=draws.chance(float(admitted) / bounds[-1]))
    return walk.spans()


def _entry_edges(application: Application, entry: str) -> int:
    return [(edge.source, edge.target) for edge in application.edges].index((LOAD_GENERATOR, entry))


class _Open:
    """A span under way; times in milliseconds since the trace's start."""

    __slots__ = ("end", "failed", "kind", "operation", "parent", "service", "span_id", "start")

    def __init__(self, span_id: str, parent: str | None, service: str, operation: str, kind: str, start: float) -> None:
        self.span_id, self.parent = span_id, parent
        self.service, self.operation, self.kind = service, operation, kind
        self.start, self.end, self.failed = start, start, False


class _Walk:
    """One trace."""

    def __init__(self, application: Application, model: CallModel, draws: Draws, start_ns: int) -> None:
        self._model = model
        self._draws = draws
        self._start_ns = start_ns
        self._trace_id = draws.hexadecimal(32)
        self._operations = {f"{s.name}.{o.name}": o for s in application.services for o in s.operations}
        self._opened: list[_Open] = []

    def send(self, request: str, operation: str, *, is_admitted: bool) -> None:
        """A user's request, from its sending to the answer or to the user's giving up."""
        root = self._open(None, LOAD_GENERATOR, request, "CLIENT", 0.0)
        if is_admitted:
            call = Call(operation=operation, timeout_seconds=ENTRY_TIMEOUT_SECONDS)
            self._attempt(root, call, LOAD_GENERATOR)
        else:
            root.end, root.failed = 1e3 * REJECTION_SECONDS, True

    def spans(self) -> list[Span]:
        """All spans, the root first."""
        return [
            Span(
                time_ns=self._start_ns + int(span.start * 1e6),
                trace_id=self._trace_id,
                span_id=span.span_id,
                parent_span_id=span.parent,
                service=span.service,
                operation=span.operation,
                span_kind=span.kind,
                duration_ns=int(span.end * 1e6) - int(span.start * 1e6),
                status="ERROR" if span.failed else "UNSET",
            )
            for span in self._opened
        ]

    def _open(self, parent: str | None, service: str, operation: str, kind: str, start: float) -> _Open:
        span = _Open(self._draws.hexadecimal(16), parent, service, operation, kind, start)
        self._opened.append(span)
        return span

    def _call(self, caller: _Open, call: Call, at: float) -> tuple[float, bool]:
        """A call with its attempts: when it is over, and whether it failed."""
        edge = self._model.edges[caller.service, split(call.operation)[0]]
        for _ in range(1 + edge.retries):
            client = self._open(caller.span_id, caller.service, call.operation, "CLIENT", at)
            self._attempt(client, call, caller.service)
            at = client.end
            if not client.failed or len(self._opened) >= _MAX_SPANS:
                break
        return at, client.failed

    def _attempt(self, client: _Open, call: Call, source: str) -> None:
        """One attempt, seen by its caller: refused, unanswered until the timeout, or answered."""
        target = split(call.operation)[0]
        edge, callee = self._model.edges[source, target], self._model.services[target]
        timeout_ms = 1e3 * call.timeout_seconds
        if not callee.is_up:
            client.end, client.failed = client.start + 1e3 * REJECTION_SECONDS, True
            return
        network = min(self._draws.lognormal(edge.network_ms, 0.1), 0.5 * timeout_ms)
        deadline = client.start + timeout_ms
        is_unanswered = self._draws.chance(edge.unanswered_ratio)
        if is_unanswered and self._model.operation_ms[call.operation] < _SLOW_SHARE * timeout_ms:
            client.end, client.failed = deadline, True
            return
        first = len(self._opened)
        server = self._execute(client.span_id, call.operation, "SERVER", client.start + 0.5 * network)
        latest = deadline - 0.5 * network
        if is_unanswered or server.end > latest:
            self._cancel(first, latest)
        client.end = deadline if is_unanswered else server.end + 0.5 * network
        client.failed = is_unanswered or server.failed

    def _cancel(self, first: int, latest: float) -> None:
        """What was opened since `first` ends by then: nobody waits for it any more. Messages that are out stay out."""
        kept, out = self._opened[:first], set[str]()
        present = {span.span_id for span in kept}
        for span in self._opened[first:]:
            is_out = span.kind == "CONSUMER" or span.parent in out
            if span.parent not in present or not (is_out or span.start < latest):
                continue
            if is_out:
                out.add(span.span_id)
            else:
                span.end = min(span.end, latest)
            kept.append(span)
            present.add(span.span_id)
        self._opened = kept

    def _execute(self, parent: str, name: str, kind: str, at: float) -> _Open:
        """An operation at its service: own time, then its calls one after the other."""
        service, operation = split(name)
        facts = self._model.services[service]
        span = self._open(parent, service, operation, kind, at)
        own = nominal_ms(self._operations[name]) * facts.own_ms_factor + facts.wait_ms
        span.end = at + self._draws.lognormal(own, facts.own_variation)
        span.failed = self._draws.chance(facts.own_error_ratio)
        for call in () if span.failed else self._operations[name].calls:
            for _ in range(self._draws.whole(call.count * self._count_factor(service, call))):
                if len(self._opened) >= _MAX_SPANS:
                    return span
                if call.asynchronous:
                    self._publish(span, call)
                    continue
                span.end, failed = self._call(span, call, span.end)
                if failed and call.required:
                    span.failed = True
                    return span
        return span

    def _publish(self, caller: _Open, call: Call) -> None:
        """A message: the caller goes on, and the time in the consumer's line is part of the consumer's latency."""
        target = split(call.operation)[0]
        producer = self._open(caller.span_id, caller.service, call.operation, "PRODUCER", caller.end)
        producer.end = caller.end = caller.end + self._draws.lognormal(_PUBLISH_MS, 0.1)
        if self._model.services[target].is_up:
            self._execute(producer.span_id, call.operation, "CONSUMER", producer.end)

    def _count_factor(self, service: str, call: Call) -> float:
        return self._model.edges[service, split(call.operation)[0]].count_factor

"""Log lines: their counts follow the telemetry, and a line is counted or written, never both."""

import numpy as np
import pytest

from clusters.commands import BreakPort, Command, SetFlag
from clusters.simulated.streams.logs import WILDCARD, logs
from clusters.simulated.streams.recorded import RecordedBuckets
from clusters.streams import LogLine
from tests.recordings import part, recorded
from tests.stands import APPLICATION


def lines(told: RecordedBuckets, service: str, severity: str, start: str, lines_per_pattern: int = 1) -> int:
    """How many lines of a service begin so."""
    found = [line for line in logs(told, lines_per_pattern) if line.service == service and line.severity == severity]
    return sum(line.count for line in found if line.body.startswith(start))


def requests(told: RecordedBuckets, service: str, *, failed: bool) -> float:
    """Requests of a service in all buckets that failed, or did not."""
    s = APPLICATION.service_names.index(service)
    errors = told.nodes["error_ratio"][:, s]
    return float(np.nansum(told.nodes["request_rate_rps"][:, s] * (errors if failed else 1.0 - errors)) * 10.0)


@pytest.fixture(scope="module")
def healthy() -> RecordedBuckets:
    """Ten buckets at the nominal rate."""
    return recorded()


def test_every_handled_request_is_a_line(healthy: RecordedBuckets) -> None:
    for service in ("frontend", "payment", "valkey-cart"):
        assert lines(healthy, service, "INFO", "handled") == pytest.approx(
            requests(healthy, service, failed=False), abs=len(healthy.told)
        )
        assert lines(healthy, service, "ERROR", "failed to handle") == 0


@pytest.mark.parametrize("lines_per_pattern", [0, 1, 5])
def test_writing_lines_out_takes_them_from_the_count(healthy: RecordedBuckets, lines_per_pattern: int) -> None:
    total = lines(healthy, "cart", "INFO", "handled", lines_per_pattern)
    assert total == lines(healthy, "cart", "INFO", "handled", 2)
    written = [
        line for line in logs(healthy, lines_per_pattern) if WILDCARD not in line.body and "handled" in line.body
    ]
    assert all(line.count == 1 for line in written)
    assert (len(written) > 0) == (lines_per_pattern > 0)


def test_failures_are_lines_of_who_fails_and_of_who_called() -> None:
    told = recorded(SetFlag(flag="paymentFailure", variant="50%"))
    failed = requests(told, "payment", failed=True)
    assert failed > 10
    assert lines(told, "payment", "ERROR", "failed to handle Charge") + lines(
        told, "payment", "ERROR", f"failed to handle {WILDCARD}"
    ) == pytest.approx(failed, abs=len(told.told))
    e = [(edge.source, edge.target) for edge in APPLICATION.edges].index(("checkout", "payment"))
    expected = np.nansum(told.edges["error_ratio"][:, e] * told.edges["request_rate_rps"][:, e]) * 10.0
    assert lines(told, "checkout", "ERROR", "call to payment failed") == pytest.approx(expected, abs=len(told.told))
    assert lines(told, "frontend", "ERROR", "call to cart failed") == 0


def test_lines_are_in_time_inside_their_bucket(healthy: RecordedBuckets) -> None:
    told = list(logs(healthy, 2))
    for position in healthy.told:
        start = healthy.start_ns(position)
        inside = [line for line in told if start <= line.time_ns < start + healthy.bucket_ns]
        assert [line for line in inside if line.count > 1 or WILDCARD in line.body]
        assert all(line.time_ns == start for line in inside if WILDCARD in line.body)
        written = [line.time_ns for line in inside if line.time_ns > start]
        assert written == sorted(written)
    assert all(healthy.start_ns(0) <= line.time_ns < healthy.start_ns(9) + healthy.bucket_ns for line in told)


def test_asked_for_part_by_part_a_stand_says_the_same() -> None:
    commands: tuple[Command, ...] = (BreakPort(fault_id="p", service="payment"),)
    whole = recorded(*commands, num_buckets=6)
    parts: list[LogLine] = []
    for first in (0, 2, 4):
        parts += logs(part(whole, first, first + 2, num_context=min(first, 1)), 1)
    assert parts == list(logs(whole, 1))

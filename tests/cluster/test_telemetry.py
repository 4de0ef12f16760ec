"""What a live stand tells: the reader's windows against what users measured, and all streams but Coroot's."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from clusters.commands import SetFlag
from clusters.k3s.inventory import ClusterSpec, TelemetrySpec
from clusters.streams import StandStreams, StreamsSpec
from clusters.telemetry import TelemetryWindow
from tests.cluster.environment import needed
from tests.stands import edge, journey, node, stand

if TYPE_CHECKING:
    from clusters.k3s.api import KubeApi
    from clusters.k3s.context import StandContext
    from clusters.k3s.load import LoadState
    from clusters.k3s.telemetry.reader import ClusterReader

pytestmark = pytest.mark.cluster

BUCKET_NS = 10 * 10**9
STREAMS = StreamsSpec(k8s_events=True, logs=True, spans=True)


@dataclass(frozen=True, kw_only=True)
class Course:
    """A stand under steady load, then with failing stock, then after the death of a pod of hint."""

    context: "StandContext"
    reader: "ClusterReader"
    before: "LoadState"
    after: "LoadState"
    start_ns: int
    """Of the time between `before` and `after`, which was steady."""
    end_ns: int
    failing_ns: int
    """When stock began to fail."""
    told_ns: int
    """The end of what can be read."""


@pytest.fixture(scope="module", name="course")
def make_course(api: "KubeApi", cluster_spec: ClusterSpec, plane: TelemetrySpec) -> Iterator[Course]:
    from clusters.k3s.commands import apply_command
    from clusters.k3s.kinds import POD
    from clusters.k3s.telemetry.reader import ClusterReader
    from tests.cluster.tiny_stand import offer, tiny_stand

    needed("GYM_SYNTHETIC_IMAGE")
    spec = replace(cluster_spec, telemetry=plane)
    with tiny_stand(api, spec, "gym-test-telemetry") as context:
        reader = ClusterReader(spec, context.inventory)
        reader.streams(context.application, context.namespace, time.time_ns(), time.time_ns(), STREAMS)
        offer(context, rate_rps=10.0)
        # A container's first samples, and warm caches.
        sleep_to_bound(2)
        before, start_ns = context.load.state(), time.time_ns() // BUCKET_NS * BUCKET_NS
        sleep_to_bound(4)
        after, end_ns = context.load.state(), time.time_ns() // BUCKET_NS * BUCKET_NS
        apply_command(context, SetFlag(flag="stockFailure", variant="on"))
        failing_ns = time.time_ns()
        for pod in context.api.list(POD, context.namespace):
            if pod["metadata"]["name"].startswith("hint-"):
                context.api.delete(POD, pod["metadata"]["name"], context.namespace)
        sleep_to_bound(2)
        told_ns = time.time_ns() // BUCKET_NS * BUCKET_NS
        time.sleep(plane.lag_seconds + 0.5)
        yield Course(
            context=context,
            reader=reader,
            before=before,
            after=after,
            start_ns=start_ns,
            end_ns=end_ns,
            failing_ns=failing_ns,
            told_ns=told_ns,
        )
        reader.close()


def sleep_to_bound(num_buckets: int) -> None:
    """Until the end of a bucket, that many whole ones from now."""
    now_ns = time.time_ns()
    time.sleep(((now_ns // BUCKET_NS + num_buckets) * BUCKET_NS - now_ns) / 1e9 + 0.05)


def steady(course: Course) -> TelemetryWindow:
    return course.reader.window(
        course.context.application,
        course.context.namespace,
        end_ns=course.end_ns,
        window_seconds=(course.end_ns - course.start_ns) / 1e9,
        bucket_seconds=10.0,
    )


def test_rates_are_what_users_sent(course: Course) -> None:
    application = course.context.application
    counts = {
        outcome: number - course.before.counts["buy"][outcome] for outcome, number in course.after.counts["buy"].items()
    }
    sent_rps = sum(counts.values()) / ((course.end_ns - course.start_ns) / 1e9)
    window = steady(course)
    assert journey(window, "buy", "offered_rate_rps", application).mean() == pytest.approx(sent_rps, rel=0.1)
    assert stand(window, "offered_rate_rps").mean() == pytest.approx(sent_rps, rel=0.1)
    assert node(window, "shop", "request_rate_rps", application).mean() == pytest.approx(sent_rps, rel=0.1)
    for source, target in (("load-generator", "shop"), ("shop", "stock"), ("shop", "hint")):
        rates = edge(window, source, target, "request_rate_rps", application)
        assert rates.mean() == pytest.approx(sent_rps, rel=0.1), (source, target)
        assert np.isfinite(edge(window, source, target, "latency_p95_milliseconds", application)).all()
        assert (edge(window, source, target, "retry_rate_rps", application) == 0.0).all()
    good = journey(window, "buy", "good_ratio", application)
    assert good.mean() == pytest.approx(counts["good"] / sum(counts.values()), abs=0.1)


def test_containers_and_objects_are_the_clusters(course: Course) -> None:
    application, window = course.context.application, steady(course)
    for service in ("shop", "stock", "hint"):
        assert (node(window, service, "replicas_ready", application) == 1.0).all()
        assert (node(window, service, "replicas_desired", application) == 1.0).all()
        assert (node(window, service, "restarts", application) == 0.0).all()
        assert (node(window, service, "cpu_limit_millicores", application) == 400.0).all()
        used = node(window, service, "memory_bytes", application)
        assert (used[-1:] > 20e6).all()
        assert (used < node(window, service, "memory_limit_bytes", application)).all()
        busy = node(window, service, "cpu_usage_millicores", application)[-1]
        assert 1.0 < busy < 450.0
        for direction in ("receive", "transmit"):
            assert node(window, service, f"network_{direction}_bytes_per_second", application)[-1] > 100.0
    # Four pods beside the load generator, 400 millicores each in the application's terms.
    assert (stand(window, "resource_cost_millicores") == 1600.0).all()
    missing = course.reader.why_missing(course.context.namespace)
    assert set(missing) == {"nodes.consumer_lag", "stand.rate_limit_rps"}


def test_a_failure_shows_at_its_service_and_at_users(course: Course) -> None:
    application = course.context.application
    window = course.reader.window(
        application, course.context.namespace, end_ns=course.told_ns, window_seconds=10.0, bucket_seconds=10.0
    )
    assert node(window, "stock", "error_ratio", application)[-1] > 0.9
    assert edge(window, "shop", "stock", "error_ratio", application)[-1] > 0.9
    assert journey(window, "buy", "error_ratio", application)[-1] > 0.9
    assert node(window, "shop", "request_rate_rps", application)[-1] > 5.0


@pytest.fixture(scope="module", name="streams")
def make_streams(course: Course) -> StandStreams:
    return course.reader.streams(
        course.context.application, course.context.namespace, course.start_ns, course.told_ns, STREAMS
    )


def test_the_death_of_a_pod_is_an_event_and_so_is_its_successor(course: Course, streams: StandStreams) -> None:
    told = [(event.service, event.reason) for event in streams.k8s_events]
    assert ("hint", "Killing") in told
    assert ("hint", "Started") in told
    assert all(course.start_ns <= event.time_ns < course.told_ns for event in streams.k8s_events)


def test_errors_are_in_the_logs_with_their_traces(course: Course, streams: StandStreams) -> None:
    errors = [line for line in streams.logs if line.severity == "ERROR" and line.service == "stock"]
    assert min(line.time_ns for line in errors) >= course.failing_ns // BUCKET_NS * BUCKET_NS
    whole = [line for line in errors if line.count == 1 and line.trace_id]
    assert whole
    assert sum(line.count for line in errors) > len(whole), "lines of a pattern are counted beyond the first"


def test_traces_are_whole_and_a_bucket_has_no_more_than_asked_for(course: Course, streams: StandStreams) -> None:
    roots = [span for span in streams.spans if span.parent_span_id is None]
    assert {span.service for span in roots} == {"load-generator"}
    num_buckets = (course.told_ns - course.start_ns) // BUCKET_NS
    assert len(roots) == STREAMS.traces_per_bucket * num_buckets
    by_trace = {
        root.trace_id: {span.service for span in streams.spans if span.trace_id == root.trace_id} for root in roots
    }
    healthy = [trace for trace in roots if trace.time_ns < course.end_ns - BUCKET_NS]
    for root in healthy:
        assert by_trace[root.trace_id] == {"load-generator", "shop", "stock", "hint"}

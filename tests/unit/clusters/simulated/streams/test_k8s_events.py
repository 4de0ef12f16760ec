"""Notes of pod events, told as Kubernetes does."""

from clusters.simulated.streams.k8s_events import PodNote, k8s_events
from clusters.simulated.streams.pod_events import PodEventReason
from clusters.streams import K8sEvent

SECOND = 1_000_000_000


def note(reason: PodEventReason, seconds: int = 100, number: int = 1, service: str = "cart") -> PodNote:
    """A note of a service that wants three replicas."""
    return PodNote(time_ns=seconds * SECOND, service=service, reason=reason, number=number, replicas=3)


def told(*notes: PodNote, start_seconds: int = 0) -> list[K8sEvent]:
    """The events of some notes."""
    return list(k8s_events(notes, start_seconds * SECOND, "a"))


def test_every_reason_is_told() -> None:
    for reason in PodEventReason:
        events = told(note(reason))
        assert events
        assert all(event.service == "cart" and event.count == 1 and event.time_ns == 100 * SECOND for event in events)


def test_a_killed_pod_is_normal_and_one_out_of_memory_is_not() -> None:
    (killing,) = told(note(PodEventReason.KILLING, number=2))
    assert (killing.kind, killing.type, killing.reason, killing.count) == ("Pod", "Normal", "Killing", 2)
    (oom,) = told(note(PodEventReason.OOM_KILLED))
    assert (oom.type, oom.reason) == ("Warning", "OOMKilling")


def test_scaling_is_the_deployments_and_says_from_what_to_what() -> None:
    (up,) = told(note(PodEventReason.SCALING_REPLICA_SET, number=2))
    assert (up.kind, up.name, up.reason) == ("Deployment", "cart", "ScalingReplicaSet")
    assert up.message.startswith("Scaled up replica set cart-")
    assert up.message.endswith("from 1 to 3")
    (down,) = told(note(PodEventReason.SCALING_REPLICA_SET, number=-1))
    assert down.message.endswith("from 4 to 3")
    assert down.count == 1


def test_a_container_that_crashes_again_is_backed_off() -> None:
    crash = PodEventReason.OOM_KILLED
    reasons = [
        e.reason for e in told(note(crash, 100), note(crash, 300, service="ad"), note(crash, 400), note(crash, 1100))
    ]
    assert reasons == ["OOMKilling", "OOMKilling", "OOMKilling", "BackOff", "OOMKilling"]


def test_what_came_before_the_span_is_not_told_but_counts() -> None:
    crash = PodEventReason.OOM_KILLED
    events = told(note(crash, 100), note(crash, 200), start_seconds=150)
    assert [(e.reason, e.time_ns) for e in events] == [("OOMKilling", 200 * SECOND), ("BackOff", 200 * SECOND)]


def test_an_image_that_cannot_be_pulled() -> None:
    assert [(e.reason, e.type) for e in told(note(PodEventReason.FAILED_PULL))] == [
        ("Failed", "Warning"),
        ("BackOff", "Warning"),
    ]

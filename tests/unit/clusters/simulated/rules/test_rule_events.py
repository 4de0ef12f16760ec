"""What commands do to pods is noted as Kubernetes events of that stand."""

import pytest

from clusters.commands import Command, RestartPod, Scale, SetGroup, SetRateLimit, ShiftTraffic
from clusters.simulated.streams.pod_events import PodEventReason
from tests.stands import running

KILLING, STARTED, SCALED, PULL = (
    PodEventReason.KILLING,
    PodEventReason.STARTED,
    PodEventReason.SCALING_REPLICA_SET,
    PodEventReason.FAILED_PULL,
)


@pytest.mark.parametrize(
    ("service", "commands", "told"),
    [
        ("cart", [Scale(service="cart", replicas=5)], [(SCALED, 3), (STARTED, 3)]),
        ("cart", [Scale(service="cart", replicas=1)], [(SCALED, -1), (KILLING, 1)]),
        ("cart", [Scale(service="cart", replicas=2)], []),
        ("cart", [RestartPod(service="cart")], [(KILLING, 1), (STARTED, 1)]),
        (
            "recommendation",
            [SetGroup(group="recommendations", enabled=False), SetGroup(group="recommendations", enabled=True)],
            [(SCALED, -1), (KILLING, 1), (SCALED, 1), (STARTED, 1)],
        ),
        ("payment", [ShiftTraffic(service="payment", release="payment-2.3.0", share=0.5)], [(PULL, 1)]),
        (
            "cart",
            [ShiftTraffic(service="cart", release="cart-2.3.0", share=share) for share in (0.1, 0.5, 0.0)],
            [(SCALED, 1), (STARTED, 1), (SCALED, -1), (KILLING, 1)],
        ),
        ("cart", [SetRateLimit(limit_rps=50.0)], []),
    ],
)
def test_pods_that_come_and_go_by_a_command_are_told(
    service: str, commands: list[Command], told: list[tuple[PodEventReason, int]]
) -> None:
    stands = running(2)
    tick = int(stands._state.tick[1])
    for command in commands:
        stands.apply(1, command)
    rows = stands._events.between(1, tick, tick + 1)
    assert list(zip(rows.reason, rows.number, strict=True)) == told
    assert set(rows.service) <= {stands._graph.service_index[service]}
    assert not len(stands._events.between(0, tick, tick + 1).tick)

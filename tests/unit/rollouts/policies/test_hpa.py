import pytest

from rollouts.policies.hpa import HorizontalPodAutoscaler
from tests.observations import CATALOGUE, Dashboard, context


def chosen(policy: HorizontalPodAutoscaler, dashboard: Dashboard) -> str:
    return CATALOGUE.names[policy.act(dashboard.observation(), {}).action]


@pytest.mark.parametrize(
    ("utilisation", "action"),
    [
        (0.65, "do_nothing"),  # ratio 1.083: within the tolerance
        (0.67, "scale:checkout:+1"),  # ceil(1.117) = 2
        (1.0, "scale:checkout:+1"),  # ceil(1.667) = 2
        (1.25, "scale:checkout:+2"),  # ceil(2.083) = 3
        (3.5, "scale:checkout:+2"),  # 6 wanted: the largest step that the catalogue has
    ],
)
def test_replicas_follow_the_kubernetes_formula(utilisation: float, action: str) -> None:
    dashboard = Dashboard()
    dashboard.utilisation("checkout", utilisation)
    assert chosen(HorizontalPodAutoscaler(context(), target_utilisation=0.6), dashboard) == action


def test_the_largest_deviation_comes_first_and_a_masked_step_gives_way() -> None:
    dashboard = Dashboard()
    dashboard.utilisation("frontend", 0.9)  # 2 -> 3
    dashboard.utilisation("checkout", 1.7)  # 1 -> 3
    policy = HorizontalPodAutoscaler(context(), target_utilisation=0.6)
    assert chosen(policy, dashboard) == "scale:checkout:+2"
    dashboard.forbid("scale:checkout:+2")
    assert chosen(policy, dashboard) == "scale:checkout:+1"
    dashboard.forbid("scale:checkout:+1")
    assert chosen(policy, dashboard) == "scale:frontend:+1"


def test_starting_replicas_count_as_idle_so_that_it_does_not_run_away() -> None:
    dashboard = Dashboard()
    dashboard.utilisation("checkout", 1.2)
    dashboard.scaled("checkout", desired=3, ready=1)
    assert chosen(HorizontalPodAutoscaler(context(), target_utilisation=0.6), dashboard) == "do_nothing"


def test_scale_down_waits_for_the_stabilisation_window_and_stops_at_the_baseline() -> None:
    dashboard = Dashboard()
    dashboard.scaled("checkout", desired=3, ready=3)
    dashboard.utilisation("checkout", 0.6)
    policy = HorizontalPodAutoscaler(context(), target_utilisation=0.6, scale_down_stabilisation_seconds=90.0)
    assert chosen(policy, dashboard) == "do_nothing"
    dashboard.utilisation("checkout", 0.1)
    assert [chosen(policy, dashboard) for _ in range(4)] == ["do_nothing"] * 3 + ["scale:checkout:-1"]
    dashboard.scaled("checkout", desired=1, ready=1)
    assert chosen(policy, dashboard) == "do_nothing"


def test_no_metric_means_no_change() -> None:
    dashboard = Dashboard()
    dashboard.utilisation("checkout", 2.0)
    dashboard.node("checkout", "cpu_usage_millicores", -1.0)
    assert chosen(HorizontalPodAutoscaler(context()), dashboard) == "do_nothing"

from rollouts.policies.threshold import ThresholdRules
from tests.observations import APPLICATION, CATALOGUE, Dashboard, context


def chosen(policy: ThresholdRules, dashboard: Dashboard) -> str:
    return CATALOGUE.names[policy.act(dashboard.observation(), {}).action]


def seasoned(**parameters: float) -> ThresholdRules:
    """Rules that have seen a healthy stand."""
    policy = ThresholdRules(context(), **parameters)
    assert chosen(policy, Dashboard()) == "do_nothing"
    return policy


def test_a_saturated_service_is_scaled_up_once_per_cool_down() -> None:
    dashboard = Dashboard()
    dashboard.utilisation("checkout", 0.8)
    policy = seasoned(cool_down_seconds=90.0)
    actions = [chosen(policy, dashboard) for _ in range(4)]
    assert actions == ["scale:checkout:+1", "do_nothing", "do_nothing", "scale:checkout:+1"]


def test_during_a_cool_down_the_next_worst_service_has_its_turn() -> None:
    dashboard = Dashboard()
    dashboard.utilisation("checkout", 0.95)
    dashboard.utilisation("cart", 0.8)
    policy = seasoned()
    assert [chosen(policy, dashboard) for _ in range(2)] == ["scale:checkout:+2", "scale:cart:+1"]


def test_what_cannot_be_scaled_further_gets_a_larger_limit() -> None:
    dashboard = Dashboard()
    dashboard.utilisation("checkout", 0.95)
    dashboard.forbid("scale:checkout:+1", "scale:checkout:+2")
    assert chosen(seasoned(), dashboard) == "set_cpu_limit:checkout:x2"


CART_ROLL_BACKS = ["roll_back:cartFailure", "take_back:cart-2.3.0", "do_nothing"]


def test_own_errors_without_saturation_are_rolled_back_once_configuration_first() -> None:
    dashboard = Dashboard()
    dashboard.node("cart", "error_ratio", 0.3)
    policy = seasoned(cool_down_seconds=0.0)
    assert [chosen(policy, dashboard) for _ in range(3)] == CART_ROLL_BACKS


def test_errors_that_come_from_a_callee_are_not_the_callers() -> None:
    dashboard = Dashboard()
    dashboard.node("cart", "error_ratio", 0.3)
    dashboard.node("frontend", "error_ratio", 0.3)
    dashboard.edge("frontend", "cart", "request_rate_rps", 10.0)
    dashboard.edge("frontend", "cart", "error_ratio", 0.3)
    policy = seasoned(cool_down_seconds=0.0)
    assert [chosen(policy, dashboard) for _ in range(3)] == CART_ROLL_BACKS


def test_a_slow_service_without_a_configuration_of_its_own_points_at_its_callers() -> None:
    dashboard = Dashboard()
    dashboard.node("postgresql", "latency_mean_milliseconds", 200.0, last=3)
    callers = {edge.source for edge in APPLICATION.edges if edge.target == "postgresql"}
    action = CATALOGUE.actions[CATALOGUE.index(chosen(seasoned(), dashboard))]
    assert action.type == "roll_back"
    assert action.target in callers


def test_full_memory_is_restarted_unless_waiting_requests_fill_it() -> None:
    dashboard = Dashboard()
    dashboard.node("cart", "memory_bytes", 0.95 * 2 * APPLICATION.service("cart").memory_limit_bytes)
    assert chosen(seasoned(), dashboard) == "restart:cart"
    dashboard.node("cart", "queue_depth", 500.0)
    assert chosen(seasoned(), dashboard) == "do_nothing"


def test_spare_replicas_are_given_back_but_never_the_baseline() -> None:
    dashboard = Dashboard()
    dashboard.scaled("checkout", desired=2, ready=2)
    dashboard.utilisation("checkout", 0.1)
    assert chosen(seasoned(), dashboard) == "scale:checkout:-1"
    dashboard.scaled("checkout", desired=1, ready=1)
    assert chosen(seasoned(), dashboard) == "do_nothing"

import pytest

from clusters.applications import load_application
from clusters.synthetic.conditions import FLAGS_HEADER, USER_HEADER, Conditions
from clusters.synthetic.plan import service_plan

APPLICATION = load_application("small-core")


class Clock:
    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def conditions(
    service: str, clock: Clock | None = None, served: frozenset[str] = frozenset(), **environment: str
) -> Conditions:
    return Conditions(
        service_plan(APPLICATION, service), environment, served_flags=lambda: served, now_seconds=clock or Clock()
    )


def test_without_flags_a_service_is_as_its_yaml_says() -> None:
    behaviour = conditions("cart", GYM_RELEASE="", GYM_GROUPS_OFF="").behaviour("GetCart", {})
    assert (behaviour.cpu_factor, behaviour.error_ratio, behaviour.added_latency_seconds) == (1.0, 0.0, 0.0)
    assert behaviour.passed_on == {}


def test_a_served_flag_changes_what_it_names() -> None:
    behaviour = conditions("recommendation", served=frozenset({"recommendationCacheFailure"})).behaviour(
        "ListRecommendations", {}
    )
    assert behaviour.cpu_factor == 3.4
    assert behaviour.call_factor("product-catalog") == 3.0
    assert behaviour.call_factor("cart") == 1.0


def test_the_owners_variable_is_in_effect_unless_it_names_the_good_variant() -> None:
    assert conditions("currency", GYM_FLAG_currencyRates="v1").behaviour("Convert", {}).cpu_factor == 1.0
    assert conditions("currency", GYM_FLAG_currencyRates="v2").behaviour("Convert", {}).cpu_factor == 3.4


def test_an_owners_flag_travels_with_its_calls_and_is_passed_on() -> None:
    sent = (
        conditions("checkout", GYM_FLAG_checkoutCartClient="v2").behaviour("PlaceOrder", {USER_HEADER: "7"}).passed_on
    )
    assert sent == {FLAGS_HEADER: "checkoutCartClient", USER_HEADER: "7"}
    at_cart = conditions("cart").behaviour("GetCart", sent)
    assert at_cart.cpu_factor == 2.2
    assert at_cart.passed_on == sent


def test_what_a_callers_flag_does_all_users_feel_for_a_while() -> None:
    clock = Clock()
    cart = conditions("cart", clock)
    cart.behaviour("GetCart", {FLAGS_HEADER: "checkoutCartClient"})
    clock.seconds += 10.0
    assert cart.behaviour("GetCart", {}).cpu_factor == 2.2
    clock.seconds += 10.0
    assert cart.behaviour("GetCart", {}).cpu_factor == 1.0


def test_forgetting_ends_what_callers_flags_do() -> None:
    cart = conditions("cart")
    cart.behaviour("GetCart", {FLAGS_HEADER: "checkoutCartClient"})
    assert cart.forget() == 1
    assert cart.behaviour("GetCart", {}).cpu_factor == 1.0


def test_a_release_changes_the_operation_that_it_names() -> None:
    cart = conditions("cart", GYM_RELEASE="cart-2.3.0")
    assert cart.behaviour("EmptyCart", {}).cpu_factor == 12.0
    assert cart.behaviour("GetCart", {}).cpu_factor == 1.0


def test_a_release_settles() -> None:
    clock = Clock()
    recommendation = conditions("recommendation", clock, GYM_RELEASE="recommendation-2.3.0")
    assert recommendation.behaviour("ListRecommendations", {}).cpu_factor == pytest.approx(0.85 * 2.6)
    clock.seconds += 150.0
    assert recommendation.behaviour("ListRecommendations", {}).cpu_factor == 0.85


def test_an_unknown_release_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"cart has no release 'cart-9'; it has cart-2\.3\.0"):
        conditions("cart", GYM_RELEASE="cart-9")


def test_error_ratios_combine_and_stay_below_one() -> None:
    payment = load_application("async-store")
    plan = service_plan(payment, "payment")
    both = Conditions(plan, {"GYM_RELEASE": "payment-2.3.0"}, served_flags=lambda: frozenset({"paymentFailure"}))
    assert both.behaviour("Charge", {}).error_ratio == pytest.approx(1.0 - 0.5 * 0.95)


def test_calls_to_a_group_that_is_off_are_left_out_where_they_can_be() -> None:
    frontend = conditions("frontend", GYM_GROUPS_OFF="recommendations")
    operation = service_plan(APPLICATION, "frontend").operation("GetRecommendations")
    assert operation is not None
    assert [frontend.leaves_out(call) for call in operation.calls] == [True, False]
    assert not conditions("frontend", GYM_GROUPS_OFF="").leaves_out(operation.calls[0])


def test_added_retries_without_a_target_are_for_every_callee() -> None:
    frontend = conditions("frontend", GYM_FLAG_frontendRetries="v2").behaviour("Checkout", {})
    assert frontend.added_retries("checkout") == 4
    assert frontend.added_retries("product-catalog") == 0

"""Scenarios known by a name of their own, and the one function that finds any scenario by its name."""

from collections.abc import Callable

from clusters.applications import load_application
from clusters.commands import SetFlag
from clusters.scenario import Scenario, ScheduledFault, Split, WorkloadTrace
from envs.scenarios.generator import draw_scenario
from envs.scenarios.splits import NAMED_SEEDS_FROM
from envs.time_scales import TimeScales
from envs.workloads.workload import STEP_SECONDS
from ray_configs.errors import UserError

BUSY = 1.2
"""Load of the incident over the nominal rate: a good evening, which the healthy application still masters."""


def checkout_latency(time_scales: TimeScales) -> Scenario:
    """The demo's incident: a new version of checkout's cart client asks for the cart again and again.

    Checkout gets slow, cart saturates and fails, requests queue up and p95 misses its objective. More checkouts or
    a fresh cart make it worse, and so does shedding load; rolling checkout's configuration back ends it.
    """
    application = load_application("small-core")
    flag = application.flag("checkoutCartClient")
    fault_start, decision, horizon = 60.0, 120.0, 600.0
    num_steps = round((time_scales.warmup_seconds + horizon) / STEP_SECONDS)
    weights = [request.weight for request in application.request_types]
    return Scenario(
        name="checkout-latency",
        family="named/checkout-latency",
        split=Split.TEST,
        application=application.name,
        seed=NAMED_SEEDS_FROM,
        workload=WorkloadTrace(
            profile="steady",
            step_seconds=STEP_SECONDS,
            rates_rps=(BUSY * application.nominal_rate_rps,) * num_steps,
            mix=tuple(weight / sum(weights) for weight in weights),
        ),
        faults=(
            ScheduledFault(
                fault_id="fault-0",
                kind="bad_config",
                target=flag.service,
                start_seconds=fault_start,
                end_seconds=None,
                intensity="severe",
                duration="medium",
                root_cause_kind="configuration",
                expected_symptoms=("checkout p95 grows", "cart errors grow", "requests queue up"),
                injections=((fault_start, SetFlag(flag=flag.name, variant=flag.bad_variant)),),
                clearance=None,
            ),
        ),
        candidates=(
            "do_nothing",
            "scale:checkout:+2",
            "restart:cart",
            f"roll_back:{flag.name}",
            "rate_limit:75%",
        ),
        decision_seconds=decision,
        warmup_seconds=time_scales.warmup_seconds,
        horizon_seconds=horizon,
    )


NAMED: dict[str, Callable[[TimeScales], Scenario]] = {
    "checkout-latency": checkout_latency,
}
"""Every named scenario."""


def named_scenario(name: str, time_scales: TimeScales) -> Scenario:
    """A scenario by its name: one of NAMED, or a drawn one's, `application:split:seed`.

    Raises:
        UserError: there is none such.
    """
    if name in NAMED:
        return NAMED[name](time_scales)
    application, separator, rest = name.partition(":")
    split, _, seed = rest.partition(":")
    if separator and seed.isdecimal():
        scenario = draw_scenario(application, int(seed), time_scales)
        if scenario.split.value == split:
            return scenario
    raise UserError(
        f"there is no scenario {name!r}; give {' or '.join(NAMED)}, or the name of a drawn one, application:split:seed"
    )

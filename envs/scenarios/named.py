"""Scenarios known by a name of their own, and the one function that finds any scenario by its name."""

from collections.abc import Callable

import numpy as np

from clusters.applications import load_application
from clusters.commands import Command, LeakMemory, ScaleWorkload, SetFlag
from clusters.scenario import Scenario, ScheduledFault
from envs.faults.fault import DURATIONS, INTENSITIES, DurationClass, FaultRequests, Intensity
from envs.faults.release_rollout import ReleaseKind, ReleaseRollout
from envs.faults.scheduled import scheduled_fault
from envs.scenarios.generator import draw_scenario
from envs.scenarios.menus import CORE, MENUS
from envs.scenarios.story import FAULT_START_SECONDS, story
from envs.time_scales import TimeScales
from ray_configs.errors import UserError

BUSY = 1.2
"""Load of an incident over the nominal rate: a good evening, which the healthy application still masters."""
ORDINARY = 1.0


def checkout_latency(time_scales: TimeScales) -> Scenario:
    """The demo's incident: a new version of checkout's cart client asks for the cart again and again.

    Checkout gets slow, cart saturates and fails, requests queue up and p95 misses its objective. More checkouts or
    a fresh cart make it worse, and so does shedding load; rolling checkout's configuration back ends it.
    """
    application = load_application("small-core")
    flag = application.flag("checkoutCartClient")
    return story(
        "checkout-latency",
        application,
        time_scales,
        number=0,
        load=BUSY,
        fault=_lasting(
            "bad_config",
            flag.service,
            "configuration",
            ("checkout p95 grows", "cart errors grow", "requests queue up"),
            (FAULT_START_SECONDS, SetFlag(flag=flag.name, variant=flag.bad_variant)),
        ),
        candidates=(
            "do_nothing",
            "scale:checkout:+2",
            "restart:cart",
            f"roll_back:{flag.name}",
            "rate_limit:75%",
        ),
    )


def retry_storm(time_scales: TimeScales) -> Scenario:
    """A minute of too many users, and a proxy that repeats what failed: the overload outlives its trigger."""
    application = load_application("medium-store")
    flag = application.flag("proxyRetries")
    return story(
        "retry-storm",
        application,
        time_scales,
        number=1,
        load=ORDINARY,
        fault=_lasting(
            "metastable_overload",
            flag.service,
            "retries",
            ("request rates inside stay high when the users' peak is over", "errors feed retries"),
            (FAULT_START_SECONDS, SetFlag(flag=flag.name, variant=flag.bad_variant)),
            (FAULT_START_SECONDS, ScaleWorkload(multiplier=2.5)),
            (FAULT_START_SECONDS + 60.0, ScaleWorkload(multiplier=1.0)),
        ),
        candidates=(
            "do_nothing",
            "rate_limit:50%",
            f"roll_back:{flag.name}",
            "scale:frontend:+2",
            "restart:frontend",
            "shape:all:50%",
        ),
        decision_seconds=180.0,
    )


def bad_canary(time_scales: TimeScales) -> Scenario:
    """A worse checkout goes out in steps, to everybody in the end.

    At the decision every other order meets it: it is best taken back, second best stopped where it is.
    """
    return _rollout_story(
        "bad-canary", 2, "checkout-2.3.0", ReleaseKind.WORSE, time_scales, step_seconds=60.0, decision_seconds=150.0
    )


def slow_start_canary(time_scales: TimeScales) -> Scenario:
    """A better recommendation went out fast and with cold caches: it looks bad for two minutes, and then is fine.

    At the decision it has served everybody for a while: taking it back would cost another roll, waiting a moment.
    """
    return _rollout_story(
        "slow-start-canary",
        3,
        "recommendation-2.3.0",
        ReleaseKind.SETTLING,
        time_scales,
        step_seconds=30.0,
        decision_seconds=210.0,
    )


def kafka_lag(time_scales: TimeScales) -> Scenario:
    """The demo's kafkaQueueProblems: orders flood the broker and a consumer sleeps, so its lag grows."""
    return _flag_story(
        "kafka-lag",
        4,
        "async-store",
        "kafkaQueueProblems",
        ("messages wait at their consumers", "the broker is busy"),
        ("scale:fraud-detection:+2", "restart:accounting", "disable:fraud-detection"),
        time_scales,
    )


def llm_rate_limit(time_scales: TimeScales) -> Scenario:
    """A new prompt asks the language model more often than its rate limit bears: most questions meet HTTP 429."""
    return _flag_story(
        "llm-rate-limit",
        5,
        "review-store",
        "assistantPrompt",
        ("the model answers 429", "questions to the assistant fail"),
        ("scale:product-reviews:+2", "shape:ask_assistant:50%", "disable:reviews", "rate_limit:75%"),
        time_scales,
    )


def catalog_leak(time_scales: TimeScales) -> Scenario:
    """The product catalog leaks and is killed every 20 seconds; a restart buys 20 more, a higher limit buys 70."""
    application = load_application("small-core")
    service = application.service("product-catalog")
    free_bytes = service.memory_limit_bytes - service.memory_base_bytes
    leak = LeakMemory(fault_id="fault-0", service=service.name, bytes_per_second=free_bytes / 20.0)
    return story(
        "catalog-leak",
        application,
        time_scales,
        number=6,
        load=ORDINARY,
        fault=_lasting(
            "memory_leak",
            service.name,
            "resource",
            ("memory of product-catalog grows steadily", "product-catalog is killed for memory"),
            (FAULT_START_SECONDS, leak),
        ),
        candidates=(
            "do_nothing",
            "restart:product-catalog",
            "restart_pod:product-catalog",
            "set_memory_limit:product-catalog:x2",
            "scale:product-catalog:+2",
        ),
    )


def _flag_story(
    name: str,
    number: int,
    application_name: str,
    flag_name: str,
    symptoms: tuple[str, ...],
    others: tuple[str, ...],
    time_scales: TimeScales,
) -> Scenario:
    """A flag turns bad and stays so; its roll-back is compared with other actions."""
    application = load_application(application_name)
    flag = application.flag(flag_name)
    turn_bad = SetFlag(flag=flag.name, variant=flag.bad_variant)
    return story(
        name,
        application,
        time_scales,
        number=number,
        load=ORDINARY,
        fault=_lasting("demo_flag", flag.service, "configuration", symptoms, (FAULT_START_SECONDS, turn_bad)),
        candidates=("do_nothing", f"roll_back:{flag.name}", *others),
        decision_seconds=150.0,
    )


def _rollout_story(
    name: str,
    number: int,
    release_name: str,
    kind: ReleaseKind,
    time_scales: TimeScales,
    *,
    step_seconds: float,
    decision_seconds: float,
) -> Scenario:
    """A release of small-core goes out to a tenth, to half and to all."""
    application = load_application("small-core")
    release = application.release(release_name)
    family = ReleaseRollout(kind)
    requests = FaultRequests(
        application=application,
        intensity=np.array([INTENSITIES.index(Intensity.SEVERE)]),
        duration=np.array([DURATIONS.index(DurationClass.MEDIUM)]),
        start_seconds=np.array([FAULT_START_SECONDS]),
        bucket_seconds=time_scales.observation_bucket_seconds,
    )
    names = [target.release for target in family.targets(application)]
    target = np.array([names.index(release.name)])
    drawn = family.rolled_out(requests, target, np.array([step_seconds]), np.array([np.inf]))
    return story(
        name,
        application,
        time_scales,
        number=number,
        load=ORDINARY,
        fault=scheduled_fault(family, requests, target, drawn, 0, "fault-0"),
        candidates=(
            "do_nothing",
            f"take_back:{release.name}",
            f"canary:{release.name}:50%",
            f"promote:{release.name}",
            f"scale:{release.service}:+2",
            f"restart:{release.service}",
        ),
        decision_seconds=decision_seconds,
    )


def _lasting(
    kind: str,
    target: str,
    root_cause_kind: str,
    symptoms: tuple[str, ...],
    *injections: tuple[float, Command],
) -> ScheduledFault:
    """A severe fault that stays until an action heals it or the episode ends."""
    return ScheduledFault(
        fault_id="fault-0",
        kind=kind,
        target=target,
        start_seconds=FAULT_START_SECONDS,
        end_seconds=None,
        intensity=Intensity.SEVERE.value,
        duration=DurationClass.MEDIUM.value,
        root_cause_kind=root_cause_kind,
        expected_symptoms=symptoms,
        injections=injections,
        clearance=None,
    )


NAMED: dict[str, Callable[[TimeScales], Scenario]] = {
    "checkout-latency": checkout_latency,
    "retry-storm": retry_storm,
    "bad-canary": bad_canary,
    "slow-start-canary": slow_start_canary,
    "kafka-lag": kafka_lag,
    "llm-rate-limit": llm_rate_limit,
    "catalog-leak": catalog_leak,
}
"""Every named scenario."""


def named_scenario(name: str, time_scales: TimeScales | None = None) -> Scenario:
    """A scenario by its name: one of NAMED, or a drawn one's, `application:split:seed`.

    Scenarios of a menu other than core say so: `application:menu:split:seed`.

    Args:
        name: the scenario's.
        time_scales: of the environment that plays it; None: the defaults.

    Raises:
        UserError: there is none such.
    """
    scales = time_scales or TimeScales()
    if name in NAMED:
        return NAMED[name](scales)
    application, *middle = name.split(":")
    menu = MENUS.get(middle[0]) if len(middle) == 3 else CORE
    if len(middle) > 1 and menu is not None and middle[-1].isdecimal():
        scenario = draw_scenario(application, int(middle[-1]), scales, menu)
        if scenario.name == name:
            return scenario
    raise UserError(
        f"there is no scenario {name!r}; give {', '.join(NAMED)}, or the name of a drawn one, application:split:seed "
        f"or application:menu:split:seed with a menu of {', '.join(MENUS)}"
    )

"""Puts a scenario together that tells one story at its clearest: a steady load, one fault, a few candidates."""

from collections.abc import Sequence

from clusters.scenario import Scenario, ScheduledFault, Split, WorkloadTrace
from clusters.topology import Application
from envs.scenarios.splits import NAMED_SEEDS_FROM
from envs.time_scales import TimeScales
from envs.workloads.workload import STEP_SECONDS

FAULT_START_SECONDS = 60.0
HORIZON_SECONDS = 600.0


def story(
    name: str,
    application: Application,
    time_scales: TimeScales,
    *,
    number: int,
    fault: ScheduledFault,
    candidates: Sequence[str],
    load: float,
    decision_seconds: float = 120.0,
) -> Scenario:
    """A named scenario.

    Args:
        name: its name.
        application: what it happens to.
        time_scales: whose warm-up precedes it.
        number: makes its seed, which no drawn scenario has.
        fault: what breaks.
        candidates: what is compared, `do_nothing` among them.
        load: steady load over the nominal rate.
        decision_seconds: when they are compared, after the warm-up.
    """
    num_steps = round((time_scales.warmup_seconds + HORIZON_SECONDS) / STEP_SECONDS)
    weights = [request.weight for request in application.request_types]
    return Scenario(
        name=name,
        family=f"named/{name}",
        split=Split.TEST,
        application=application.name,
        seed=NAMED_SEEDS_FROM + number,
        workload=WorkloadTrace(
            profile="steady",
            step_seconds=STEP_SECONDS,
            rates_rps=(load * application.nominal_rate_rps,) * num_steps,
            mix=tuple(weight / sum(weights) for weight in weights),
        ),
        faults=(fault,),
        candidates=tuple(candidates),
        decision_seconds=decision_seconds,
        warmup_seconds=time_scales.warmup_seconds,
        horizon_seconds=HORIZON_SECONDS,
    )

"""Episodes from plain arrays: every kind of row that a run can hold, and no simulator."""

from dataclasses import fields

import numpy as np

from clusters.applications import load_application
from clusters.commands import CheckStatus, ClearFault, Command, CommandStatus, Receipt, SetFlag, StressCpu
from clusters.scenario import Scenario, ScheduledFault, Split, WorkloadTrace
from clusters.telemetry import EDGE_SIGNALS, JOURNEY_SIGNALS, NODE_SIGNALS, STAND_SIGNALS, TelemetryWindow
from envs.actions.action import Action, ActionType
from envs.actions.catalogue import ActionCatalogue
from envs.actions.control_record import baseline_controls
from envs.time_scales import TimeScales
from rollouts.episode import Episode, PolicySpec, StepRecord

START_NS = 1_700_000_000_000_000_000
APPLICATION = load_application("small-core")
CATALOGUE = ActionCatalogue(APPLICATION)


def make_scenario(seed: int = 7) -> Scenario:
    """One bad flag that stays, one CPU fault that is lifted, one fault after the end of the run."""
    flag = APPLICATION.flags[0]
    stress = StressCpu(fault_id="cpu-1", service="checkout", load_ratio=0.1 + 0.2)
    return Scenario(
        name=f"test-{seed}",
        family="bad_config/steady/severe",
        split=Split.VALIDATION,
        application=APPLICATION.name,
        seed=seed,
        workload=WorkloadTrace(
            profile="burst", step_seconds=60.0, rates_rps=(20.0,) * 6 + (31.5, 20.0), mix=(0.3, 0.7 / 3, 1 / 3)
        ),
        faults=(
            _fault("flag-1", "bad_config", flag.service, 30.0, None, SetFlag(flag=flag.name, variant=flag.bad_variant)),
            _fault("cpu-1", "cpu_pressure", "checkout", 40.0, 90.0, stress, ClearFault(fault_id="cpu-1")),
            _fault("cpu-2", "network_delay", "frontend->cart", 900.0, 950.0, stress),
        ),
        candidates=("do_nothing", "restart:cart"),
        decision_seconds=60.0,
        warmup_seconds=300.0,
        horizon_seconds=180.0,
    )


def make_episode(run_id: str = "a1", seed: int = 7, num_steps: int = 6) -> Episode:
    """A short run with holes in its telemetry, a rejected action, an unknown probability and a healed fault."""
    scenario, scales = make_scenario(seed), TimeScales()
    policy = PolicySpec(name="random", parameters={"rate": 0.5, "limit": 3, "greedy": True, "mode": "a"})
    return Episode(
        run_id=run_id,
        scenario=scenario,
        seed=seed,
        policy=policy,
        time_scales=scales,
        telemetry=_telemetry(30 + num_steps * scales.buckets_per_step, seed),
        steps=tuple(_step(number, scenario, scales) for number in range(num_steps)),
        end_reason="horizon",
    )


def assert_equal(left: Episode, right: Episode) -> None:
    """Equal field by field; NaN equals NaN, telemetry bit for bit."""
    for field in fields(TelemetryWindow):
        a, b = getattr(left.telemetry, field.name), getattr(right.telemetry, field.name)
        np.testing.assert_array_equal(a, b, err_msg=field.name)
        assert np.asarray(a).dtype == np.asarray(b).dtype, field.name
    for field in fields(Episode):
        if field.name not in ("telemetry", "steps"):
            assert getattr(left, field.name) == getattr(right, field.name), field.name
    assert [_comparable(step) for step in left.steps] == [_comparable(step) for step in right.steps]


def _comparable(step: StepRecord) -> dict[str, object]:
    values = {field.name: getattr(step, field.name) for field in fields(StepRecord)}
    return values | {"probability": repr(step.probability), "reward_terms": list(step.reward_terms.items())}


def _fault(
    fault_id: str,
    kind: str,
    target: str,
    start: float,
    end: float | None,
    command: Command,
    clearance: Command | None = None,
) -> ScheduledFault:
    return ScheduledFault(
        fault_id=fault_id,
        kind=kind,
        target=target,
        start_seconds=start,
        end_seconds=end,
        intensity="severe",
        duration="medium",
        root_cause_kind="resource",
        expected_symptoms=("latency", "errors"),
        injections=((start, command),),
        clearance=clearance,
    )


def receipt_of(
    command: Command, at_ns: int, status: CommandStatus = CommandStatus.APPLIED, message: str = ""
) -> Receipt:
    """A receipt with checks as they go with the status."""
    passed = status is CommandStatus.APPLIED
    return Receipt(
        command=command,
        precheck_status=CheckStatus.PASSED if passed else CheckStatus.FAILED,
        status=status,
        postcheck_status=CheckStatus.PENDING if passed else CheckStatus.SKIPPED,
        requested_at_ns=at_ns,
        completed_at_ns=at_ns + 5,
        message=message,
    )


def _chosen(number: int) -> Action:
    flag = APPLICATION.flags[0].name
    names = ("do_nothing", "scale:checkout:+2", "restart:cart", f"roll_back:{flag}", "do_nothing", "escalate_to_human")
    return CATALOGUE.actions[CATALOGUE.index(names[number % len(names)])]


def _step(number: int, scenario: Scenario, scales: TimeScales) -> StepRecord:
    zero_ns = START_NS + round(scenario.warmup_seconds * 1e9)
    step_ns = round(scales.control_step_seconds * 1e9)
    now_ns, action = zero_ns + number * step_ns, _chosen(number)
    index = CATALOGUE.index(action.name)
    command = CATALOGUE.command(index, baseline_controls(APPLICATION, 1), 0)
    status = CommandStatus.REJECTED if action.type is ActionType.RESTART else CommandStatus.APPLIED
    message = "a replica still starts" if status is CommandStatus.REJECTED else ""
    due = [
        (fault.fault_id, receipt_of(order, zero_ns + round(at * 1e9)))
        for fault in scenario.faults
        for at, order in (*fault.injections, *([(fault.end_seconds, fault.clearance)] if fault.clearance else []))
        if at is not None and order is not None and number * 30 <= at < (number + 1) * 30
    ]
    terms = {"slo_violation": -0.1 * number, "resource_cost": -1e-17}
    return StepRecord(
        time_ns=now_ns,
        action=index,
        action_name=action.name,
        probability=float("nan") if number == 4 else 1 / 3,
        candidate_set=CATALOGUE.names,
        receipt=None if command is None else receipt_of(command, now_ns + 1, status, message),
        fault_receipts=tuple(due),
        reward=sum(terms.values()),
        reward_terms=terms,
    )


def _telemetry(num_buckets: int, seed: int) -> TelemetryWindow:
    random = np.random.default_rng(seed)

    def draw(*shape: int) -> np.ndarray:
        values = random.random((num_buckets, *shape), dtype=np.float32)
        values[random.random(values.shape) < 0.05] = np.nan
        return values

    return TelemetryWindow(
        bucket_seconds=10.0,
        times_ns=START_NS + np.arange(num_buckets, dtype=np.int64) * 10_000_000_000,
        nodes=draw(len(APPLICATION.services), len(NODE_SIGNALS)),
        edges=draw(len(APPLICATION.edges), len(EDGE_SIGNALS)),
        journeys=draw(len(APPLICATION.journeys), len(JOURNEY_SIGNALS)),
        stand=draw(len(STAND_SIGNALS)),
    )

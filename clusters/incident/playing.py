"""A scenario's course on simulated stands, with what an operator does and without it.

reset a stand -> fork it (R acted on, R left alone) -> [operator's commands, due faults, advance a bucket]* -> observe
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from clusters.applications import load_application
from clusters.commands import CheckStatus, Command, CommandStatus, OperatorCommand, Receipt
from clusters.fault_events import FaultEvent, fault_events, is_made_void
from clusters.scenario import Scenario, ScheduledFault
from clusters.simulated.stands import SimulatedStands
from clusters.streams import StandStreams, StreamsSpec
from clusters.telemetry import TelemetryWindow
from clusters.topology import Application

BUCKET_SECONDS = 10.0
TOLD = StreamsSpec(k8s_events=True, coroot_findings=True)
SHOWN_WARMUP_SECONDS = 120.0
"""How much of the healthy time before the episode is shown."""


@dataclass(frozen=True, kw_only=True)
class OperatorEvent:
    """A command of an operator's, and when it is given: seconds after the warm-up."""

    seconds: float
    command: OperatorCommand


@dataclass(frozen=True, kw_only=True)
class Deed:
    """A command that was given, and what became of it on the first replicate."""

    seconds: float
    """After the warm-up."""
    fault_id: str
    """Empty: the operator's."""
    receipt: Receipt

    @property
    def is_operators(self) -> bool:
        """Whether an operator gave it, rather than the scenario."""
        return not self.fault_id

    @property
    def is_in_force(self) -> bool:
        """Whether the stand now is as the command wants it."""
        return self.receipt.status in (CommandStatus.APPLIED, CommandStatus.ALREADY_THERE)


@dataclass(frozen=True, kw_only=True)
class PlayedIncident:
    """What was played and what came of it."""

    application: Application
    scenario: Scenario
    seed: int
    deeds: tuple[Deed, ...]
    """In the order in which they were given."""
    window: TelemetryWindow
    """[R, T, ...] from `shown_warmup_seconds` before the episode to its end."""
    left_alone: TelemetryWindow | None
    """[R, T, ...] the same stands with the same noise, had the operator done nothing; None: it did nothing."""
    shown_warmup_seconds: float
    streams: StandStreams
    """What the first replicate told over the time of the window."""

    def seconds_of(self, time_ns: int) -> float:
        """A time on the first replicate's clock as seconds after the warm-up."""
        return (time_ns - int(self.window.times_ns[0, 0])) / 1e9 - self.shown_warmup_seconds


def play(scenario: Scenario, seed: int, events: Sequence[OperatorEvent], num_replicates: int) -> PlayedIncident:
    """Play a scenario to its horizon.

    Raises:
        UserError: there is no such application.
        StandError: the scenario's times are no multiples of the bucket.
    """
    application = load_application(scenario.application)
    shown = min(SHOWN_WARMUP_SECONDS, scenario.warmup_seconds)
    span = shown + scenario.horizon_seconds
    stand = SimulatedStands(application, 1, bucket_seconds=BUCKET_SECONDS, history_seconds=span)
    stand.reset([0], [scenario], [seed])
    seeds = range(seed, seed + num_replicates)
    acted_on = stand.fork([0] * num_replicates, seeds)
    deeds = _run(acted_on, scenario, events)
    left_alone = None
    if events:
        alone = stand.fork([0] * num_replicates, seeds)
        _run(alone, scenario, ())
        left_alone = alone.observe(span, BUCKET_SECONDS)
    window = acted_on.observe(span, BUCKET_SECONDS)
    start_ns = int(window.times_ns[0, 0])
    return PlayedIncident(
        application=application,
        scenario=scenario,
        seed=seed,
        deeds=deeds,
        window=window,
        left_alone=left_alone,
        shown_warmup_seconds=shown,
        streams=acted_on.streams(0, start_ns, start_ns + round(span * 1e9), TOLD),
    )


def end_of(fault: ScheduledFault, deeds: Sequence[Deed]) -> float | None:
    """When a fault was over: cleared by its schedule, or healed by an operator's command before; None: it stayed."""
    ends = [fault.end_seconds] if fault.end_seconds is not None else []
    injected = [event for event in fault_events([fault]) if not event.is_clearance]
    for deed in deeds:
        command = deed.receipt.command
        if deed.is_operators and deed.is_in_force and deed.seconds >= fault.start_seconds:
            healed = [e for e in injected if is_made_void(e, command) and e.command != command]  # type: ignore[arg-type]
            ends += [deed.seconds] if healed else []
    return min(ends, default=None)


def _run(stands: SimulatedStands, scenario: Scenario, events: Sequence[OperatorEvent]) -> tuple[Deed, ...]:
    deeds: list[Deed] = []
    to_come = list(fault_events(scenario.faults))
    for bucket in range(round(scenario.horizon_seconds / BUCKET_SECONDS)):
        now = bucket * BUCKET_SECONDS
        for event in events:
            if event.seconds == now:
                deeds.append(_give(stands, now, "", event.command))
                if deeds[-1].is_in_force:
                    to_come = _not_healed(to_come, event.command, scenario, now)
        deeds += [_give(stands, now, event.fault_id, event.command) for event in to_come if event.seconds <= now]
        to_come = [event for event in to_come if event.seconds > now]
        stands.advance(BUCKET_SECONDS)
        deeds = [_brought_up_to_date(stands, deed) for deed in deeds]
    return tuple(deeds)


def _not_healed(
    to_come: list[FaultEvent], command: OperatorCommand, scenario: Scenario, now: float
) -> list[FaultEvent]:
    """What is still to come once the operator's command is in force; it heals only what has begun."""
    if not any(event.seconds < now for event in fault_events(scenario.faults)):
        return to_come
    return [event for event in to_come if not is_made_void(event, command)]


def _give(stands: SimulatedStands, seconds: float, fault_id: str, command: Command) -> Deed:
    receipts = [stands.apply(stand, command) for stand in range(stands.num_stands)]
    return Deed(seconds=seconds, fault_id=fault_id, receipt=receipts[0])


def _brought_up_to_date(stands: SimulatedStands, deed: Deed) -> Deed:
    if deed.receipt.postcheck_status is not CheckStatus.PENDING:
        return deed
    return replace(deed, receipt=stands.verify(0, deed.receipt))

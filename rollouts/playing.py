"""scenarios -> reset -> (observe -> policies act -> step)* -> episodes, N stands together.

The one place where policies meet stands: a fill records what it returns, closed-loop evaluation judges it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clusters.simulated.telemetry.scraping import Scraping
from clusters.streams import StandStreams, StreamsSpec, joined
from clusters.telemetry import TelemetryWindow
from envs.control_loop import ControlLoop
from envs.loop_step import LoopStep
from rollouts.episode import Episode, Job, StepRecord
from rollouts.policies.policy import Decision, Policy

NO_STREAMS = StreamsSpec()


@dataclass(kw_only=True)
class _Recording:
    """What has been seen of one episode so far."""

    windows: list[TelemetryWindow]
    steps: list[StepRecord] = field(default_factory=list)
    streams: list[StandStreams] = field(default_factory=list)
    end_reason: str = ""


def play_episodes(
    loop: ControlLoop,
    jobs: Sequence[Job],
    policies: Sequence[Policy],
    *,
    streams: StreamsSpec = NO_STREAMS,
    scraping: Scraping | None = None,
) -> list[Episode]:
    """Play each job to its end on a stand of its own; stand i plays job i under policy i.

    Args:
        loop: at least as many stands as there are jobs; the others rest.
        jobs: what to play.
        policies: one per job; each is reset with its job's policy seed.
        streams: what the stands tell beside their metrics.
        scraping: how the stands' telemetry is collected. What comes late a policy does not see; an episode holds what
            came of it afterwards.

    Returns:
        One episode per job, in order. `info` of a policy holds `candidates` (names), `step` and `time_ns`.

    Raises:
        ValueError: a policy chose a masked action.
        StandError: streams were asked for that the stands do not tell.
    """
    loop.reset(range(len(jobs)), [job.scenario for job in jobs], [job.seed for job in jobs])
    for job, policy in zip(jobs, policies, strict=True):
        policy.reset(job.policy_seed)
    names = np.array(loop.catalogue.names, dtype=object)
    recordings = [_Recording(windows=[window]) for window in _warmups(loop, jobs)]
    for stand, recording in enumerate(recordings):
        _record_streams(loop, stand, recording, streams, recording.windows[0].num_buckets)
    while running := [stand for stand, recording in enumerate(recordings) if not recording.end_reason]:
        decisions = _decide(loop, jobs, policies, recordings, running)
        allowed = loop.action_mask()
        actions = np.full(loop.num_stands, loop.catalogue.index("do_nothing"))
        active = np.zeros(loop.num_stands, dtype=np.bool_)
        for stand, decision in decisions.items():
            actions[stand], active[stand] = decision.action, True
        step = loop.step(actions, active)
        window, late_buckets = step.window, 0 if scraping is None else scraping.delay_buckets
        if late_buckets:
            window = loop.window(window_seconds=(window.num_buckets + late_buckets) * window.bucket_seconds)
        for stand, decision in decisions.items():
            recordings[stand].windows.append(window.of_stand(stand).latest(window.num_buckets))
            recordings[stand].steps.append(_record(names, allowed[stand], decision, step, stand))
            recordings[stand].end_reason = step.end_reasons[stand]
            _record_streams(loop, stand, recordings[stand], streams, step.window.num_buckets)
    return [_episode(loop, job, recording, streams, scraping) for job, recording in zip(jobs, recordings, strict=True)]


def _warmups(loop: ControlLoop, jobs: Sequence[Job]) -> list[TelemetryWindow]:
    """The telemetry of each job's own warm-up."""
    seconds = [job.scenario.warmup_seconds for job in jobs]
    longest = loop.window(window_seconds=max(seconds))
    num_buckets = [round(value / longest.bucket_seconds) for value in seconds]
    return [longest.of_stand(stand).latest(number) for stand, number in enumerate(num_buckets)]


def _decide(
    loop: ControlLoop,
    jobs: Sequence[Job],
    policies: Sequence[Policy],
    recordings: Sequence[_Recording],
    running: Sequence[int],
) -> dict[int, Decision]:
    observations, times_ns = loop.observe(), loop.time_ns()
    decisions = {}
    for stand in running:
        observation = {name: values[stand] for name, values in observations.items()}
        info = {
            "candidates": jobs[stand].scenario.candidates,
            "step": len(recordings[stand].steps),
            "time_ns": int(times_ns[stand]),
        }
        decision = policies[stand].act(observation, info)
        if not observation["action_mask"][decision.action]:
            raise ValueError(
                f"policy {jobs[stand].policy.name!r} chose {loop.catalogue.names[decision.action]!r}, which is masked"
            )
        decisions[stand] = decision
    return decisions


def _record(
    names: NDArray[np.object_], allowed: NDArray[np.bool_], decision: Decision, step: LoopStep, stand: int
) -> StepRecord:
    return StepRecord(
        time_ns=int(step.action_times_ns[stand]),
        action=decision.action,
        action_name=names[decision.action],
        probability=decision.probability,
        candidate_set=tuple(names[allowed]),
        receipt=step.receipts.get(stand),
        fault_receipts=step.fault_receipts_of(stand),
        reward=float(step.rewards[stand]),
        reward_terms={name: float(values[stand]) for name, values in step.reward_terms.items()},
    )


def _record_streams(loop: ControlLoop, stand: int, recording: _Recording, spec: StreamsSpec, num_buckets: int) -> None:
    """What the stand told during the newest buckets, while it is kept."""
    if spec.names:
        times_ns = recording.windows[-1].times_ns[-num_buckets:]
        end_ns = int(times_ns[-1]) + round(recording.windows[-1].bucket_seconds * 1e9)
        recording.streams.append(loop.streams(stand, int(times_ns[0]), end_ns, spec))


def _episode(
    loop: ControlLoop, job: Job, recording: _Recording, streams: StreamsSpec, scraping: Scraping | None
) -> Episode:
    return Episode(
        run_id=job.run_id,
        scenario=job.scenario,
        seed=job.seed,
        policy=job.policy,
        time_scales=loop.time_scales,
        telemetry=_joined(recording.windows),
        steps=tuple(recording.steps),
        end_reason=recording.end_reason,
        scraping=scraping,
        streams_on=streams.names,
        streams=joined(recording.streams),
    )


def _joined(windows: Sequence[TelemetryWindow]) -> TelemetryWindow:
    """Consecutive windows of one stand as one; where they overlap the later one knows more."""
    starts_ns = [int(window.times_ns[0]) for window in windows[1:]]
    kept = [int((w.times_ns < end).sum()) for w, end in zip(windows, starts_ns, strict=False)] + [None]

    def join(arrays: list[NDArray[Any]]) -> NDArray[Any]:
        return np.concatenate([array[:number] for array, number in zip(arrays, kept, strict=True)], axis=0)

    return TelemetryWindow(
        bucket_seconds=windows[0].bucket_seconds,
        times_ns=join([window.times_ns for window in windows]),
        nodes=join([window.nodes for window in windows]),
        edges=join([window.edges for window in windows]),
        journeys=join([window.journeys for window in windows]),
        stand=join([window.stand for window in windows]),
    )

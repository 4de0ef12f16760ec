"""events.parquet: what an observer of the stand could have seen. The fault schedule is none of it: that is a label."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from clusters.commands import (
    CommandStatus,
    Restart,
    RestartPod,
    Scale,
    SetFlag,
    SetGroup,
    SetResources,
    ShiftTraffic,
)
from clusters.scenario import Scenario
from clusters.streams import StandStreams
from clusters.telemetry import NODE_SIGNALS, TelemetryWindow, signal_index
from envs.actions.action import Action
from rollouts.dataset.graph import Graph
from rollouts.dataset.metadata import action_id
from rollouts.dataset.schema import EVENTS
from rollouts.episode import Episode

_ROLLOUTS = (Scale, Restart, RestartPod, SetResources, SetFlag, SetGroup, ShiftTraffic)
_NOTABLE_RATE_CHANGE = 0.1


def events_table(episode: Episode, catalogue: tuple[Action, ...], graph: Graph) -> Any:
    """The table, in the order of time."""
    telemetry = episode.telemetry
    end_ns = int(telemetry.times_ns[-1]) + round(telemetry.bucket_seconds * 1e9)
    rows = [
        *_workload_events(episode.scenario, int(telemetry.times_ns[0]), end_ns),
        *_action_events(episode, catalogue),
        *_pod_events(telemetry, [node.name for node in graph.nodes]),
        *_stream_events(episode.streams),
    ]
    rows.sort(key=lambda row: row["time"])
    return pa.Table.from_pylist([{"run_id": episode.run_id} | row for row in rows], schema=EVENTS)


def _stream_events(streams: StandStreams) -> Iterator[dict[str, Any]]:
    """What Kubernetes and the observability tool told, for a reader who wants all events in one file."""
    for event in streams.k8s_events:
        yield {
            "time": event.time_ns,
            "event_type": "kubernetes",
            "object": event.service,
            "reason": event.reason,
            "message": event.message,
        }
    for finding in streams.coroot_findings:
        yield {
            "time": finding.time_ns,
            "event_type": "coroot",
            "object": finding.affected_services[0],
            "reason": finding.symptom_class,
            "message": f"{finding.severity}: {finding.explanation}",
        }


def _workload_events(scenario: Scenario, start_ns: int, end_ns: int) -> Iterator[dict[str, Any]]:
    """The schedule's start, and each time that its rate has moved by a tenth."""
    workload = scenario.workload
    last = None
    for number, rate in enumerate(workload.rates_rps):
        time_ns = start_ns + round(number * workload.step_seconds * 1e9)
        if time_ns >= end_ns:
            return
        if last is None or abs(rate - last) > _NOTABLE_RATE_CHANGE * last:
            yield {
                "time": time_ns,
                "event_type": "workload",
                "object": workload.profile,
                "reason": "ScheduleStarted" if last is None else "RateChanged",
                "message": f"{rate:.1f} requests/s planned",
            }
            last = rate


def _action_events(episode: Episode, catalogue: tuple[Action, ...]) -> Iterator[dict[str, Any]]:
    for number, step in enumerate(episode.steps):
        if step.receipt is None:
            continue
        event = {"object": catalogue[step.action].target or None, "caused_by_action_id": action_id(number)}
        yield event | {
            "time": step.receipt.requested_at_ns,
            "event_type": "action",
            "reason": str(step.receipt.status),
            "message": step.receipt.message or step.action_name,
        }
        if step.receipt.status is CommandStatus.APPLIED and isinstance(step.receipt.command, _ROLLOUTS):
            yield event | {
                "time": step.receipt.completed_at_ns,
                "event_type": "rollout",
                "reason": f"{type(step.receipt.command).__name__}RolledOut",
                "message": f"{step.action_name} was rolled out; its postcheck {step.receipt.postcheck_status}",
            }


def _pod_events(telemetry: TelemetryWindow, services: list[str]) -> Iterator[dict[str, Any]]:
    """Restarts and changes of the ready replicas, seen at the end of their bucket."""
    ends_ns = telemetry.times_ns + round(telemetry.bucket_seconds * 1e9)
    restarts = telemetry.nodes[..., signal_index(NODE_SIGNALS, "restarts")]
    for bucket, service in np.argwhere(restarts >= 0.5):
        yield {
            "time": int(ends_ns[bucket]),
            "event_type": "pod",
            "object": services[service],
            "reason": "Restarted",
            "message": f"{restarts[bucket, service]:.0f} container restart(s)",
        }
    # A bucket holds the mean over its time.
    ready = np.rint(telemetry.nodes[..., signal_index(NODE_SIGNALS, "replicas_ready")])
    before, after = ready[:-1], ready[1:]
    for bucket, service in np.argwhere((before != after) & ~np.isnan(before) & ~np.isnan(after)):
        yield {
            "time": int(ends_ns[bucket + 1]),
            "event_type": "pod",
            "object": services[service],
            "reason": "ReadyReplicasChanged",
            "message": f"{before[bucket, service]:.0f} -> {after[bucket, service]:.0f} ready",
        }

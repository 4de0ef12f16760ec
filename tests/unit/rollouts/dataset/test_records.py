"""What actions, labels and events say of an episode in which every kind of thing happened."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clusters.commands import (
    BreakPort,
    ClearFault,
    Command,
    CommandStatus,
    Receipt,
    RestartPod,
    Scale,
    SetAutoscaler,
    SetGroup,
    SetRateLimit,
    SetResources,
    ShapeWorkload,
    ShiftTraffic,
)
from clusters.scenario import ScheduledFault
from envs.time_scales import TimeScales
from rollouts.dataset.files import read_table, rows_of
from rollouts.dataset.reader import read_run
from rollouts.dataset.validation import validate
from rollouts.dataset.writer import write_run
from rollouts.episode import Episode
from tests.episodes import CATALOGUE, START_NS, make_episode, receipt_of

ZERO_NS = START_NS + 300 * 10**9


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_run(make_episode(), tmp_path_factory.mktemp("dataset"))


def rows(run: Path, name: str) -> list[dict[str, Any]]:
    return rows_of(read_table(run / f"{name}.parquet"))


def test_every_step_and_every_fault_command_is_a_row(run: Path) -> None:
    actions = rows(run, "actions")
    assert [(row["actor"], row["action_type"], row["status"]) for row in actions] == [
        ("scripted_policy", "do_nothing", "applied"),
        ("scripted_policy", "scale", "applied"),
        ("orchestrator", "inject_fault", "applied"),
        ("orchestrator", "inject_fault", "applied"),
        ("scripted_policy", "restart", "rejected"),
        ("scripted_policy", "roll_back", "applied"),
        ("orchestrator", "clear_fault", "applied"),
        ("scripted_policy", "do_nothing", "applied"),
        ("scripted_policy", "escalate_to_human", "applied"),
    ]
    rejected = actions[4]
    assert rejected["precheck_status"] == "failed" and rejected["message"] == "a replica still starts"
    assert actions[1]["target_service"] == "checkout" and actions[3]["duration"] == 50.0
    assert [row["probability"] is None for row in actions] == [i in (2, 3, 6, 7) for i in range(9)]


def test_labels_tell_faults_from_actions_and_what_never_happened_from_what_did(run: Path) -> None:
    labels = rows(run, "labels")
    flag, cpu, never = labels[:3]
    assert flag["is_fault"] and flag["start"] == ZERO_NS + 30 * 10**9
    assert flag["end"] == ZERO_NS + 90 * 10**9 + 1, "the roll-back at 90 s healed it"
    assert (cpu["start"], cpu["end"]) == (ZERO_NS + 40 * 10**9, ZERO_NS + 90 * 10**9)
    assert (never["status"], never["start"], never["action_id"]) == ("not_injected", None, None)
    assert [row["action_id"] for row in labels[3:]] == ["action-00001", "action-00002", "action-00003", "action-00005"]
    assert not any(row["is_fault"] for row in labels[3:])
    assert (labels[4]["status"], labels[4]["start"]) == ("rejected", None)
    assert labels[4]["target"] == "cart"


def test_the_label_of_a_rate_limit_ends_when_it_lapses_or_is_replaced(tmp_path: Path) -> None:
    episode = make_episode()
    limits = {0: 30.0, 1: 20.0, 4: 10.0}
    steps = tuple(
        dataclasses.replace(step, receipt=receipt_of(SetRateLimit(limit_rps=limits[number]), step.time_ns))
        if number in limits
        else step
        for number, step in enumerate(episode.steps)
    )
    limited = CATALOGUE.index("rate_limit:50%")
    steps = tuple(
        dataclasses.replace(step, action=limited, action_name="rate_limit:50%") if number in limits else step
        for number, step in enumerate(steps)
    )
    scales = TimeScales(action_duration_seconds=60.0)
    labels = rows(write_run(dataclasses.replace(episode, steps=steps, time_scales=scales), tmp_path), "labels")
    ends = {row["action_id"]: row["end"] and (row["end"] - ZERO_NS) // 10**9 for row in labels if not row["is_fault"]}
    assert ends == {
        "action-00000": 30,
        "action-00001": 90,
        "action-00002": None,
        "action-00003": None,
        "action-00004": 180,
        "action-00005": None,
    }


def played(episode: Episode, number: int, receipt: Receipt) -> Episode:
    """The episode with another receipt of one step."""
    steps = [dataclasses.replace(s, receipt=receipt) if n == number else s for n, s in enumerate(episode.steps)]
    return dataclasses.replace(episode, steps=tuple(steps))


@pytest.mark.parametrize("status", [s for s in CommandStatus if s is not CommandStatus.APPLIED])
def test_what_was_not_done_is_a_row_with_its_status_and_starts_nothing(tmp_path: Path, status: CommandStatus) -> None:
    episode = make_episode()
    receipt = receipt_of(Scale(service="checkout", replicas=9), episode.steps[1].time_ns, status, "why")
    run = write_run(played(episode, 1, receipt), tmp_path / "dataset")
    (row,) = (row for row in rows(run, "actions") if row["action_id"] == "action-00001")
    assert (row["status"], row["message"]) == (str(status), "why")
    (label,) = (row for row in rows(run, "labels") if row["action_id"] == "action-00001")
    assert (label["start"] is not None) == (status is CommandStatus.ALREADY_THERE)
    events = [row["event_type"] for row in rows(run, "events") if row["caused_by_action_id"] == "action-00001"]
    assert events == ["action"], "nothing was rolled out"
    assert validate(run.parent) == []
    assert read_run(run).steps[1].receipt == receipt


VERBS: tuple[Command, ...] = (
    RestartPod(service="cart"),
    SetAutoscaler(service="cart", target_utilisation=None, min_replicas=1, max_replicas=4),
    SetGroup(group="g", enabled=False),
    ShiftTraffic(service="cart", release="cart-v2", share=0.5),
    ShapeWorkload(request_type="", factor=0.5),
    SetResources(service="cart", memory_limit_bytes=1e9),
)


@pytest.mark.parametrize("command", VERBS, ids=lambda command: type(command).__name__)
def test_every_verb_of_an_operator_is_recorded(tmp_path: Path, command: Command) -> None:
    episode = make_episode()
    run = write_run(played(episode, 1, receipt_of(command, episode.steps[1].time_ns)), tmp_path / "dataset")
    receipt = read_run(run).steps[1].receipt
    assert receipt is not None
    assert receipt.command == command
    rolled_out = [row for row in rows(run, "events") if row["event_type"] == "rollout"]
    names = {row["reason"] for row in rolled_out if row["caused_by_action_id"] == "action-00001"}
    replaces = isinstance(command, RestartPod | SetGroup | ShiftTraffic | SetResources)
    assert names == ({f"{type(command).__name__}RolledOut"} if replaces else set())
    assert validate(run.parent) == []


def scheduled(fault_id: str, *injections: tuple[float, Command], clearance: Command, end: float) -> ScheduledFault:
    """A fault of a service."""
    return ScheduledFault(
        fault_id=fault_id,
        kind="any",
        target="cart",
        start_seconds=injections[0][0],
        end_seconds=end,
        intensity="severe",
        duration="medium",
        root_cause_kind="release",
        expected_symptoms=(),
        injections=injections,
        clearance=clearance,
    )


def with_fault(fault: ScheduledFault) -> Episode:
    """An episode in which the fault's commands alone were given, each at its time."""
    episode = make_episode()
    due = [*fault.injections, (fault.end_seconds, fault.clearance)]
    steps = tuple(
        dataclasses.replace(
            step,
            fault_receipts=tuple(
                (fault.fault_id, receipt_of(command, ZERO_NS + round(at * 1e9)))
                for at, command in due
                if at is not None and command is not None and 30 * number <= at < 30 * (number + 1)
            ),
        )
        for number, step in enumerate(episode.steps)
    )
    return dataclasses.replace(episode, scenario=dataclasses.replace(episode.scenario, faults=(fault,)), steps=steps)


def seconds(time_ns: int) -> float:
    """After the warm-up."""
    return (time_ns - ZERO_NS) / 1e9


def test_a_fault_that_comes_and_goes_lasts_until_its_schedule_is_over(tmp_path: Path) -> None:
    bad, good = BreakPort(fault_id="p", service="cart"), ClearFault(fault_id="p")
    fault = scheduled("p", (30.0, bad), (50.0, good), (70.0, bad), clearance=good, end=110.0)
    label = rows(write_run(with_fault(fault), tmp_path), "labels")[0]
    assert (seconds(label["start"]), seconds(label["end"])) == (30.0, 110.0)


def shifted(share: float) -> ShiftTraffic:
    """So much of cart's traffic goes to the new release."""
    return ShiftTraffic(service="cart", release="cart-v2", share=share)


@pytest.mark.parametrize(("share", "end"), [(0.0, 60.0), (0.1, 160.0)])
def test_a_roll_out_is_over_when_the_release_is_taken_back_and_not_when_it_is_held(
    tmp_path: Path, share: float, end: float
) -> None:
    fault = scheduled("r", (30.0, shifted(0.1)), (50.0, shifted(0.5)), clearance=shifted(0.0), end=160.0)
    episode = played(with_fault(fault), 2, receipt_of(shifted(share), ZERO_NS + 60 * 10**9))
    label = rows(write_run(episode, tmp_path), "labels")[0]
    assert (seconds(label["start"]), seconds(label["end"])) == (30.0, end)


def test_events_show_what_was_seen_and_never_the_fault_schedule(run: Path) -> None:
    events = rows(run, "events")
    scaled = [row for row in events if row["caused_by_action_id"] == "action-00001"]
    assert [row["event_type"] for row in scaled] == ["action", "rollout"]
    assert [row["event_type"] for row in events if row["caused_by_action_id"] == "action-00002"] == ["action"]
    workload = [row for row in events if row["event_type"] == "workload"]
    assert [(row["time"] - START_NS) // 10**9 for row in workload] == [0, 360, 420]
    text = " ".join(f"{row['reason']} {row['message']} {row['object']}" for row in events)
    assert not any(word in text for word in ("flag-1", "cpu-1", "bad_config", "cpu_pressure", "StressCpu"))


def test_restarts_and_ready_replicas_become_pod_events(tmp_path: Path) -> None:
    episode = make_episode()
    nodes = episode.telemetry.nodes
    nodes[..., 8] = 0
    nodes[..., 12] = 2
    nodes[10, 2, 8] = 1
    nodes[20:25, 2, 12] = 1
    nodes[22, 2, 12] = np.nan
    nodes[23, 2, 12] = 1.2
    pods = [row for row in rows(write_run(episode, tmp_path), "events") if row["event_type"] == "pod"]
    assert [(row["reason"], (row["time"] - START_NS) // 10**9, row["message"]) for row in pods] == [
        ("Restarted", 110, "1 container restart(s)"),
        ("ReadyReplicasChanged", 210, "2 -> 1 ready"),
        ("ReadyReplicasChanged", 260, "1 -> 2 ready"),
    ]


def test_edge_status_counts_are_the_bucket_s_calls(run: Path) -> None:
    table = read_table(run / "edge_features.parquet")
    ok, error = (table[name].to_numpy() for name in ("status_ok_count", "status_error_count"))
    rate, ratio = (table[name].to_numpy() for name in ("request_rate_rps", "error_ratio"))
    known = ~np.isnan(rate) & ~np.isnan(ratio)
    np.testing.assert_allclose((ok + error)[known], 10 * rate[known], rtol=1e-5)
    np.testing.assert_allclose(error[known], 10 * (rate * ratio)[known], rtol=1e-5)
    assert np.isnan(error[~known]).all()
    assert read_run(run).telemetry.edges.shape[-1] == 5

"""What actions, labels and events say of an episode in which every kind of thing happened."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clusters.commands import SetRateLimit
from envs.time_scales import TimeScales
from rollouts.dataset.files import read_table, rows_of
from rollouts.dataset.reader import read_run
from rollouts.dataset.writer import write_run
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

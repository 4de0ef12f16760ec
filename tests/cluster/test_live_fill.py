"""A fill on live stands by Ray actors: what is played is a run like any other, what fails says why, stands return."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clusters.k3s.inventory import Inventory
from ray_configs.loading import load
from rollouts.collect import FAILURES_FILE, CollectConfig, collect
from rollouts.dataset.reader import list_runs, read_metadata, read_run
from rollouts.dataset.validation import validate
from rollouts.jobs import PolicyShare
from rollouts.policies.policy import Decision, Observation, PolicyContext
from rollouts.ray_session import PROJECT_ROOT
from tests.cluster.placing import scratch_inventory, written

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]


class BreaksAtOnce:
    """A policy with a defect."""

    def __init__(self, context: PolicyContext) -> None:
        pass

    def reset(self, seed: int) -> None:
        pass

    def act(self, observation: Observation, info: Mapping[str, Any]) -> Decision:
        raise ZeroDivisionError("a defect")


def test_a_fill_commits_what_it_played_records_what_failed_and_gives_the_stands_back(
    live_inventory: Inventory, tmp_path: Path
) -> None:
    from clusters.k3s.connection import connect
    from clusters.k3s.roster import StandState, read_roster

    shipped = load(PROJECT_ROOT / "ray_configs" / "runs" / "k3s.yaml", CollectConfig)
    # Its spans go to the reader of this session: one port has one listener.
    [shared] = live_inventory.clusters
    cluster = replace(shared, telemetry=replace(shared.telemetry, spans_endpoint=""))
    with scratch_inventory(cluster, stands=2) as mine:
        inventory = replace(mine, rate_ratio=live_inventory.rate_ratio, latency_ratio=live_inventory.latency_ratio)
        config = replace(
            shipped,
            inventory=str(written(inventory, tmp_path)),
            dataset=str(tmp_path / "dataset"),
            scenarios=(replace(shipped.scenarios[0], count=2),),
            paired=(),
            streams=replace(shipped.streams, spans=False),
            policies=(PolicyShare(name="random"), PolicyShare(name=f"{__name__}:BreaksAtOnce")),
        )
        result = collect(config)
        records = read_roster(connect(inventory.clusters[0]), inventory.namespace_prefix)
    [failed] = [json.loads(line) for line in (result.dataset_dir / FAILURES_FILE).read_text().splitlines()]
    assert (failed["kind"], failed["message"]) == ("ZeroDivisionError", "a defect")
    assert [error.run_id for error in result.fill.errors] == [failed["run_id"]]
    [run] = list_runs(result.dataset_dir)
    assert validate(result.dataset_dir) == []
    metadata, episode = read_metadata(run), read_run(run, with_streams=True)
    assert (metadata.backend, metadata.end_reason) == ("k3s", "horizon")
    assert metadata.kubernetes_version
    assert metadata.kubernetes_version.startswith("v1.")
    assert {step.action_name for step in episode.steps} != {"do_nothing"}
    assert episode.streams.k8s_events
    assert not any("Chaos" in event.kind for event in episode.streams.k8s_events), "faults are not given away"
    assert records
    assert {record.state for record in records} == {StandState.WARM}

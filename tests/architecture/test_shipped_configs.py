"""Every YAML that ships is what its command expects."""

import fnmatch
from pathlib import Path

import pytest
import yaml

import ray_configs
from clusters.k3s.inventory import Inventory
from learners.train import TrainConfig
from learners.tuning.tune import SweepConfig
from ray_configs.loading import load
from rollouts.collect import CollectConfig
from rollouts.evaluation.config import EvaluateConfig
from rollouts.live_dealing import resource_of

RUNS = Path(ray_configs.__file__).parent / "runs"
KINDS: dict[str, type] = {
    "collect": CollectConfig,
    "demo": CollectConfig,
    "demo-quick": CollectConfig,
    "evaluate": EvaluateConfig,
    "evaluate-quick": EvaluateConfig,
    "incidents": CollectConfig,
    "k3s": CollectConfig,
    "k3s-evaluate": EvaluateConfig,
    "k3s-model": CollectConfig,
    "k3s-train": TrainConfig,
    "sweep": SweepConfig,
    "train": TrainConfig,
    "train-quick": TrainConfig,
}


def test_every_file_is_known() -> None:
    assert {path.stem for path in RUNS.glob("*.yaml")} == set(KINDS)


@pytest.mark.parametrize("name", KINDS)
def test_it_loads(name: str) -> None:
    assert isinstance(load(RUNS / f"{name}.yaml", KINDS[name]), KINDS[name])


@pytest.mark.parametrize("name", ["", "-quick"])
def test_what_an_evaluation_reads_is_what_a_training_writes(name: str) -> None:
    training = load(RUNS / f"train{name}.yaml", TrainConfig)
    judging = load(RUNS / f"evaluate{name}.yaml", EvaluateConfig)
    seeds = [f"-seed{seed}" for seed in training.seeds] if len(training.seeds) > 1 else [""]
    written = [f"{training.out}/{model}{seed}.pt" for model in training.models for seed in seeds]
    written += [f"{training.out}/{kind}{seed}.json" for kind in ("mean_effects", "paired_effects") for seed in seeds]
    parameters = [ranker.parameters for ranker in judging.rankers]
    parameters += [named.policy.parameters for named in judging.closed_loop.policies]
    read = {value for values in parameters for key, value in values.items() if key in ("checkpoint", "effects")}
    assert read
    for pattern in read:
        assert fnmatch.filter(written, pattern), pattern


def test_what_live_stands_are_played_with_fits_together() -> None:
    live, learnt_from = load(RUNS / "k3s.yaml", CollectConfig), load(RUNS / "k3s-model.yaml", CollectConfig)
    training, judging = load(RUNS / "k3s-train.yaml", TrainConfig), load(RUNS / "k3s-evaluate.yaml", EvaluateConfig)
    assert live.time_scales == learnt_from.time_scales == judging.branching.time_scales
    assert training.dataset == learnt_from.dataset
    checkpoint = f"{training.out}/action_conditioned.pt"
    used = [*(share.parameters for share in live.policies), *(spec.parameters for spec in judging.rankers)]
    used += [named.policy.parameters for named in judging.closed_loop.policies]
    assert [parameters["checkpoint"] for parameters in used if "checkpoint" in parameters] == [checkpoint] * 3
    assert live.stands().inventory == load(Path(judging.closed_loop.inventory), Inventory)


@pytest.mark.parametrize("path", sorted((RUNS.parent / "ray").glob("kuberay_*.yaml")), ids=lambda path: path.stem)
def test_cluster_manifests_name_kuberay(path: Path) -> None:
    for document in yaml.safe_load_all(path.read_text()):
        assert document["apiVersion"] == "ray.io/v1"
        assert document["kind"] in ("RayCluster", "RayJob")


def test_ray_takes_the_cluster_on_premises_and_its_workers_offer_the_inventorys_stands() -> None:
    from ray.autoscaler._private.util import prepare_config, validate_config

    config = yaml.safe_load((RUNS.parent / "ray" / "onprem.yaml").read_text())
    inventory = load(RUNS.parent / "stands" / "onprem.yaml", Inventory)
    workers = " ".join(config["worker_start_ray_commands"])
    for cluster in inventory.clusters:
        per_worker = cluster.stands // len(config["provider"]["worker_ips"])
        assert f'"{resource_of(cluster)}": {per_worker}' in workers
    validate_config(prepare_config(config))

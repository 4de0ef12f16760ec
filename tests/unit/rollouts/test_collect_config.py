from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from ray_configs.errors import UserError
from ray_configs.loading import load
from rollouts.actor import check_policies
from rollouts.collect import CollectConfig
from rollouts.jobs import draw_jobs

CONFIGS = Path(__file__).parents[3] / "ray_configs"
SMALL = """
dataset: out/x
scenarios:
  - {split: train, count: 4}
policies:
  - {name: random}
"""


@pytest.mark.parametrize("name", ["demo.yaml", "collect.yaml"])
def test_shipped_fills_are_playable(name: str) -> None:
    config = load(CONFIGS / "runs" / name, CollectConfig)
    assert sum(draw.count for draw in config.scenarios) >= 120
    some = tuple(replace(draw, count=20) for draw in config.scenarios)
    jobs = draw_jobs(config.stands(), some, config.policies, config.seed)
    assert {job.policy.name for job in jobs} == {policy.name for policy in config.policies}
    check_policies(config.stands(), jobs)


@pytest.mark.parametrize(
    ("addition", "named"),
    [
        ("scenarioz: []", "scenarioz"),
        ("seed: -1", "seed"),
        ("backend: k3s", "inventory"),
        ("inventory: ray_configs/stands/local.yaml", "backend"),
        ("stands_per_actor: 0", "stands_per_actor"),
        ("pool: {actors: 0}", "actors"),
        ("pool: {cpus_per_actor: -0.5}", "cpus_per_actor"),
        ("pool: {max_retries: 3}", "max_retries"),
        ("time_scales: {control_step_seconds: -30.0}", "control_step_seconds"),
        ("reward: {slo_violation: -1.0}", "slo_violation"),
        ("scenarios: [{split: train, count: -4}]", "count"),
        ("scenarios: [{split: tset, count: 4}]", "split"),
        ("policies: [{name: random, share: -1.0}]", "share"),
        ("policies: [{name: random, share: 0.0}]", "share"),
        ("policies: []", "paired"),
        ("paired: [{name: random, plays: 0}]", "plays"),
    ],
)
def test_bad_input_names_the_key(addition: str, named: str, tmp_path: Path) -> None:
    document = yaml.safe_load(SMALL) | yaml.safe_load(addition)
    path = tmp_path / "fill.yaml"
    path.write_text(yaml.safe_dump(document))
    with pytest.raises(UserError, match=named) as caught:
        load(path, CollectConfig)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("name", ["kuberay_cluster.yaml", "kuberay_job.yaml"])
def test_kuberay_manifests_agree_with_the_installed_ray(name: str) -> None:
    from importlib.metadata import version

    manifest = yaml.safe_load((CONFIGS / "ray" / name).read_text())
    cluster = manifest["spec"].get("rayClusterSpec", manifest["spec"])
    assert manifest["apiVersion"] == "ray.io/v1"
    assert cluster["rayVersion"] == version("ray")
    assert cluster["authOptions"] == {"mode": "token"}
    for group in (cluster["headGroupSpec"], *cluster["workerGroupSpecs"]):
        assert group["template"]["spec"]["containers"]
        assert all(isinstance(value, str) for value in group["rayStartParams"].values())


def test_the_kuberay_job_runs_a_shipped_fill() -> None:
    manifest = yaml.safe_load((CONFIGS / "ray" / "kuberay_job.yaml").read_text())
    words = manifest["spec"]["entrypoint"].split()
    assert words[:4] == ["python", "-m", "rollouts", "collect"]
    load(CONFIGS.parent / words[4], CollectConfig)
    assert Path(words[words.index("--out") + 1]).is_absolute()

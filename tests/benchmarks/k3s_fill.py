"""A fill of live stands through `ray job submit`, validated and trained on; a trained controller judged on them."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from clusters.k3s.inventory import Inventory
from rollouts.dataset.reader import list_runs, read_run
from rollouts.live_dealing import stand_resources
from rollouts.ray_session import PROJECT_ROOT
from tests.benchmarks.bars import Bar
from tests.benchmarks.k3s_lab import live_inventory
from tests.cluster.placing import written
from tests.ray_head import RAY, ray_head

RUNS = PROJECT_ROOT / "ray_configs" / "runs"
NUM_SIMULATED = 24
"""Scenarios that the controller learns from: enough to have one, not to have a good one."""
NUM_EPISODES = 8


def fill_bars() -> list[Bar]:
    """Eight episodes over two stands, and what can be done with them."""
    with tempfile.TemporaryDirectory(prefix="gym-fill-") as name, live_inventory(stands=2) as inventory:
        folder = Path(name)
        files = RunFiles(folder, inventory)
        controller_seconds = _seconds(lambda: _train_controller(files))
        with ray_head(stand_resources(inventory)) as environment:
            fill_seconds = _seconds(lambda: _fill(files, environment))
        bars = [_filled(files, fill_seconds), *_usable(files)]
        bars.append(_judged(files))
    print(f"controller from simulated stands in {controller_seconds:.0f} s", flush=True)
    return bars


class RunFiles:
    """Where everything is, and the shipped YAML with paths of this run's own."""

    def __init__(self, folder: Path, inventory: Inventory) -> None:
        self.folder = folder
        self.dataset, self.models = folder / "dataset", folder / "models"
        self.inventory = written(inventory, folder)

    def config(self, name: str, **changes: Any) -> Path:
        """A shipped run's YAML with this run's inventory and checkpoint, and with changes."""
        text = (RUNS / f"{name}.yaml").read_text()
        text = text.replace("ray_configs/stands/local.yaml", str(self.inventory))
        text = text.replace("out/k3s/models", str(self.models)).replace("out/k3s/", f"{self.folder}/")
        path = self.folder / f"{name}.yaml"
        path.write_text(json.dumps(yaml.safe_load(text) | changes))
        return path


def _train_controller(files: RunFiles) -> None:
    scenarios = [{"split": "train", "count": NUM_SIMULATED, "seed": 1, "menu": "brief"}]
    _run("rollouts", "collect", str(files.config("k3s-model", scenarios=scenarios, stands_per_actor=24)))
    _run("learners", "train", str(files.config("k3s-train", fit={"num_epochs": 1})))


def _fill(files: RunFiles, environment: dict[str, str]) -> None:
    command = [RAY, "job", "submit", "--working-dir", ".", "--", "python", "-m", "rollouts", "collect"]
    command += [str(files.config("k3s")), "--out", str(files.dataset)]
    done = subprocess.run(command, env=environment, cwd=PROJECT_ROOT, capture_output=True, text=True)
    print(done.stdout[-3000:], flush=True)


def _filled(files: RunFiles, seconds: float) -> Bar:
    episodes = [read_run(path) for path in list_runs(files.dataset)] if files.dataset.is_dir() else []
    acted = sum(any(step.action_name != "do_nothing" for step in episode.steps) for episode in episodes)
    faulty = sum(any(step.fault_receipts for step in episode.steps) for episode in episodes)
    learned = sum("RankerPolicy" in episode.policy.name for episode in episodes)
    return Bar(
        name="live_fill_episodes",
        value=len(episodes),
        anchor=f"{seconds / 60:.1f} min; {acted} with actions, {faulty} with faults, {learned} by the fitted model",
        ratio=None,
        goal=f">= {NUM_EPISODES}, with actions and faults",
        holds=len(episodes) >= NUM_EPISODES and acted > 0 and faulty > 0 and learned > 0,
    )


def _usable(files: RunFiles) -> list[Bar]:
    valid = _succeeds("rollouts", "validate", str(files.dataset))
    out = files.folder / "live-models"
    training = [
        str(files.config("k3s-train", fit={"num_epochs": 1})),
        "--dataset",
        str(files.dataset),
        "--out",
        str(out),
    ]
    trained = _succeeds("learners", "train", *training)
    return [
        Bar(name="live_fill_is_valid", value=float(valid), anchor="validate", ratio=None, goal="1", holds=valid),
        Bar(
            name="live_fill_trains_the_model", value=float(trained), anchor="train", ratio=None, goal="1", holds=trained
        ),
    ]


def _judged(files: RunFiles) -> Bar:
    """The trained controller beside doing nothing, on live stands."""
    judging = yaml.safe_load((RUNS / "k3s-evaluate.yaml").read_text())
    closed_loop = judging["closed_loop"] | {"num_scenarios": 1, "inventory": str(files.inventory)}
    closed_loop["policies"] = [policy for policy in closed_loop["policies"] if policy["name"] != "threshold"]
    for policy in closed_loop["policies"]:
        if "parameters" in policy["policy"]:
            policy["policy"]["parameters"]["checkpoint"] = str(files.models / "action_conditioned.pt")
    config = files.config("k3s-evaluate", closed_loop=closed_loop, tracking={"experiment": ""})
    out = files.folder / "evaluation"
    judged = _succeeds("rollouts", "evaluate", str(config), "--out", str(out))
    episodes = len(list_runs(out / "episodes")) if judged else 0
    return Bar(
        name="episodes_of_a_controller_judged_live",
        value=episodes,
        anchor="do_nothing beside it",
        ratio=None,
        goal=">= 2",
        holds=judged and episodes >= 2,
    )


def _run(*arguments: str) -> None:
    if not _succeeds(*arguments):
        raise SystemExit(f"python -m {' '.join(arguments)} failed")


def _succeeds(*arguments: str) -> bool:
    command: Sequence[str] = [sys.executable, "-m", *arguments]
    done = subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, text=True)
    if done.returncode:
        print(f"python -m {' '.join(arguments)}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}", flush=True)
    return done.returncode == 0


def _seconds(action: Any) -> float:
    started = time.monotonic()
    action()
    return time.monotonic() - started

"""`make bench`: the bars of the main job, each beside its anchor; writes bench/main-job.json.

Ratios come from both sides run in turn in one process, by CPU time of the thread; the demo's own figures come from one
run of it in a folder of its own.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil

from clusters.scenario import Scenario, Split
from envs.actions.catalogue import ActionCatalogue
from envs.scenarios.generator import draw_scenarios
from learners.world_models.ranker import load_ranker
from rollouts.evaluation.branching import BranchingSettings, branch
from rollouts.evaluation.ranking_contract import DecisionPoint, Ranker
from rollouts.stands import StandsSpec, build_loop
from tests.benchmarks.bars import ROOT, Bar, compare, report

SPEC = StandsSpec(application="small-core")
NUM_STANDS = 64
NUM_STEPS = 10
SAMPLE_SECONDS = 0.5


def main() -> int:
    """Measure, print and write everything; 1 if a bar does not hold."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        bars = [*demo_bars(out), batch_bar(), scoring_bar(out / "models" / "action_conditioned-seed0.pt")]
    return report(bars, "main-job.json")


def demo_bars(out: Path) -> list[Bar]:
    """The demo from an installed environment: time, memory, episodes, and what its report says."""
    started = time.monotonic()
    command = [sys.executable, "-m", "learners", "demo", "--out", str(out)]
    with subprocess.Popen(command, cwd=ROOT) as demo:
        peak_bytes = peak_memory_bytes(demo)
    if demo.returncode:
        raise SystemExit(f"the demo failed with exit code {demo.returncode}")
    seconds = time.monotonic() - started
    episodes = len(list((out / "dataset").glob("run_*")))
    report = json.loads((out / "report" / "report.json").read_text())
    accuracy = {method["name"]: method["figures"]["pairwise_accuracy"]["value"] for method in report["methods"]}
    subject = accuracy[report["subject"]]
    rivals = {name: accuracy[name] for name in ("masked_twin", "mean_effect", "paired_mean_effect")}
    rival = max(rivals, key=lambda name: rivals[name])
    shuffled = next(value for name, value in accuracy.items() if "shuffled" in name)
    ceiling = report["noise_ceiling"]["pairwise_accuracy"]["value"]
    gib = peak_bytes / 2**30
    return [
        Bar(name="demo_seconds", value=seconds, anchor="", ratio=None, goal="< 360", holds=seconds < 360),
        Bar(name="demo_peak_memory_gib", value=gib, anchor="", ratio=None, goal="< 6", holds=gib < 6),
        Bar(name="demo_episodes", value=episodes, anchor="", ratio=None, goal=">= 120", holds=episodes >= 120),
        Bar(
            name="pairwise_accuracy",
            value=subject,
            anchor=f"noise ceiling {ceiling:.3f}",
            ratio=subject / ceiling,
            goal=">= 0.75",
            holds=subject >= 0.75,
        ),
        Bar(
            name="gain_over_passive",
            value=subject - rivals[rival],
            anchor=f"{rival} {rivals[rival]:.3f}",
            ratio=subject / rivals[rival],
            goal=">= 0.15",
            holds=subject - rivals[rival] >= 0.15,
        ),
        Bar(
            name="drop_when_shuffled",
            value=subject - shuffled,
            anchor=f"shuffled {shuffled:.3f}",
            ratio=subject / shuffled,
            goal=">= 0.10",
            holds=subject - shuffled >= 0.10,
        ),
    ]


def peak_memory_bytes(process: "subprocess.Popen[bytes]") -> int:
    """Largest sum of proportional set sizes of a process and its descendants, sampled until it ends."""
    peak = 0
    root = psutil.Process(process.pid)
    while process.poll() is None:
        total = 0
        try:
            family = [root, *root.children(recursive=True)]
        except psutil.NoSuchProcess:
            break
        for member in family:
            try:
                total += member.memory_full_info().pss
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
        peak = max(peak, total)
        time.sleep(SAMPLE_SECONDS)
    process.wait()
    return peak


def batch_bar() -> Bar:
    """Control steps of many stands stepped together against one stand at a time."""
    scenarios = draw_scenarios("small-core", Split.TRAIN, NUM_STANDS, 0, SPEC.time_scales)
    together, alone = compare(lambda: play(scenarios), lambda: play(scenarios[:1]))
    together_per_step, alone_per_step = together / NUM_STANDS, alone
    ratio = alone_per_step / together_per_step
    return Bar(
        name=f"stepping_{NUM_STANDS}_stands_together_microseconds_per_stand_step",
        value=1e6 * together_per_step / NUM_STEPS,
        anchor=f"one at a time {1e6 * alone_per_step / NUM_STEPS:.0f}",
        ratio=ratio,
        goal=">= 10x",
        holds=ratio >= 10,
    )


def play(scenarios: tuple[Scenario, ...]) -> None:
    """Reset and a few control steps of doing nothing."""
    loop = build_loop(SPEC, len(scenarios))
    loop.reset(range(len(scenarios)), scenarios, [scenario.seed for scenario in scenarios])
    nothing = np.full(len(scenarios), loop.catalogue.index("do_nothing"))
    for _ in range(NUM_STEPS):
        loop.step(nothing)


def scoring_bar(checkpoint: Path) -> Bar:
    """All candidates of a decision in one batch against one candidate at a time."""
    ranker = load_ranker(checkpoint=str(checkpoint))
    scenarios = draw_scenarios("small-core", Split.VALIDATION, 8, 0, SPEC.time_scales)
    points = [branched.point for branched in branch(scenarios, BranchingSettings(replicates=2))]
    catalogue = ActionCatalogue(build_loop(SPEC, 1).catalogue.application)
    whole, single = compare(
        lambda: score(ranker, catalogue, points, one_by_one=False),
        lambda: score(ranker, catalogue, points, one_by_one=True),
    )
    return Bar(
        name="scoring_a_decision_milliseconds",
        value=1e3 * whole / len(points),
        anchor=f"candidate by candidate {1e3 * single / len(points):.1f}",
        ratio=single / whole,
        goal=">= 2x",
        holds=single / whole >= 2,
    )


def score(ranker: Ranker, catalogue: ActionCatalogue, points: list[DecisionPoint], *, one_by_one: bool) -> None:
    """Score every candidate of every point, a decision at a time."""
    for point in points:
        groups = [(candidate,) for candidate in point.candidates] if one_by_one else [point.candidates]
        for group in groups:
            ranker.predict([point], [catalogue.features(np.array(group))])


if __name__ == "__main__":
    sys.exit(main())

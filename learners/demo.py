"""collect -> train -> evaluate in one Ray session: the main job, from an empty folder to a report.

Each part is what its own command does with the YAML of the same name; only the folders differ.
"""

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from rich.console import Console

import ray_configs
from learners.demo_arguments import DemoArguments
from learners.train import TrainConfig, print_result, train
from ray_configs.errors import UserError
from ray_configs.loading import load
from rollouts.collect import CollectConfig, collect, print_summary
from rollouts.evaluation.config import EvaluateConfig, Scalar
from rollouts.evaluation.evaluate import evaluate
from rollouts.evaluation.report import Report
from rollouts.evaluation.terminal import print_report
from rollouts.ray_session import ray_session

RUNS = Path(ray_configs.__file__).parent / "runs"


def demo_command(arguments: DemoArguments) -> int:
    """Run the demo from the command line."""
    demo(arguments.out.absolute(), quick=arguments.quick, console=Console())
    return 0


def demo(out: Path, *, quick: bool, console: Console) -> Report:
    """Fill `out/dataset`, fit into `out/models`, judge into `out/report`.

    Raises:
        UserError: a part was refused, or the fill was stopped before its end.
    """
    started = time.monotonic()
    suffix = "-quick" if quick else ""
    collecting = load(RUNS / f"demo{suffix}.yaml", CollectConfig)
    training = load(RUNS / f"train{suffix}.yaml", TrainConfig)
    judging = load(RUNS / f"evaluate{suffix}.yaml", EvaluateConfig)
    with ray_session(collecting.ray):
        console.rule("1. Fill: episodes from simulated stands", align="left")
        filled = collect(collecting, out / "dataset", resume=True, console=console)
        print_summary(filled, console)
        if not filled.fill.is_complete:
            raise UserError(f"the fill of {filled.dataset_dir} is not complete; run the demo again to go on")
        console.rule("2. Fit: a passive and an action-conditioned model", align="left")
        print_result(train(training, filled.dataset_dir, out / "models"), console)
        console.rule("3. Judge: on held-out scenarios, against the true best action", align="left")
        judging = with_models(judging, Path(training.out), out / "models")
        report = evaluate(judging, out / "report", say=lambda text: console.print(text, highlight=False))
    print_report(report, console)
    minutes, seconds = divmod(round(time.monotonic() - started), 60)
    console.print(f"done in {minutes} min {seconds} s", highlight=False)
    for path in (out / "report" / "report.html", out / "report" / "report.json"):
        console.print(f"written: {path}", highlight=False, soft_wrap=True)
    return report


def with_models(config: EvaluateConfig, written: Path, actual: Path) -> EvaluateConfig:
    """The same evaluation with every path under `written` (as in the YAML) moved to `actual`."""
    rankers = tuple(replace(ranker, parameters=_moved(ranker.parameters, written, actual)) for ranker in config.rankers)
    policies = tuple(
        replace(named, policy=replace(named.policy, parameters=_moved(named.policy.parameters, written, actual)))
        for named in config.closed_loop.policies
    )
    return replace(config, rankers=rankers, closed_loop=replace(config.closed_loop, policies=policies))


def _moved(parameters: Mapping[str, Scalar], written: Path, actual: Path) -> dict[str, Scalar]:
    return {
        key: str(actual / Path(value).relative_to(written))
        if isinstance(value, str) and Path(value).is_relative_to(written)
        else value
        for key, value in parameters.items()
    }

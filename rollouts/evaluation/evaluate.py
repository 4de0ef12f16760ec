"""config -> scenarios -> branching truth -> rankers and ablations -> closed loop -> table, MLflow, JSON, page."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from clusters.applications import load_application
from clusters.k3s.inventory import Inventory
from clusters.scenario import Scenario
from envs.actions.catalogue import ActionCatalogue
from envs.scenarios.named import named_scenario
from ray_configs.errors import UserError
from ray_configs.loading import load
from rollouts.evaluation.arguments import EvaluateArguments
from rollouts.evaluation.branching import branch
from rollouts.evaluation.closed_loop import ClosedLoopResult, compare_policies, jobs_of, play_policies
from rollouts.evaluation.config import EvaluateConfig
from rollouts.evaluation.live_closed_loop import play_live
from rollouts.evaluation.methods import build_ranker, judge_rankers
from rollouts.evaluation.page import write_page
from rollouts.evaluation.ranking import noise_ceiling
from rollouts.evaluation.ranking_contract import Ranker
from rollouts.evaluation.report import Incident, Report, ScenarioNote, write_json
from rollouts.evaluation.statistics import PointBootstrap
from rollouts.evaluation.terminal import print_report
from rollouts.evaluation.truth import BranchedPoint, tabulate
from rollouts.jobs import ScenarioDraw
from rollouts.stands import LIVE, StandsSpec

Say = Callable[[str], None]


def evaluate_command(arguments: EvaluateArguments) -> int:
    """Run an evaluation from the command line."""
    console = Console()
    config = load(arguments.config, EvaluateConfig)
    report = evaluate(config, arguments.out, say=lambda text: console.print(text, highlight=False))
    print_report(report, console)
    for name in ("report.json", "report.html"):
        console.print(f"written: {arguments.out / name}", highlight=False, soft_wrap=True)
    return 0


def evaluate(config: EvaluateConfig, out: Path, *, say: Say | None = None) -> Report:
    """Judge the config's rankers and policies and write `report.json` and `report.html` into `out`.

    Raises:
        UserError: bad input, or no place to write to.
    """
    say = say or (lambda text: None)
    seconds: dict[str, float] = {}
    rankers = [build_ranker(spec) for spec in config.rankers]
    catalogue = ActionCatalogue(load_application(config.application))
    scales = config.branching.time_scales
    draw = ScenarioDraw(split=config.split, count=config.num_scenarios, seed=config.scenario_seed, menu=config.menu)
    scenarios = draw.draw(config.application, scales)
    # Everything is tried first: what does not fit, or has no place to be written, should not cost the truth.
    _check(config, scenarios, out)
    with _timed(seconds, "incident"):
        incident = _incident(config, rankers, catalogue)
    say(f"truth: branching {len(scenarios)} {config.split.value} scenarios, {config.branching.replicates} replicates")
    with _timed(seconds, "branching"):
        points = branch(scenarios, config.branching)
    say(f"ranking: {len(rankers)} rankers and their ablations")
    with _timed(seconds, "ranking"):
        methods = judge_rankers(config, rankers, points, catalogue)
    with _timed(seconds, "closed_loop"):
        closed_loop = _closed_loop(config, points, out, say)
    report = Report(
        config=config,
        scenarios=tuple(_notes(points)),
        noise_ceiling=noise_ceiling(points, PointBootstrap(len(points), num_resamples=config.num_resamples)),
        methods=tuple(methods),
        closed_loop=tuple(closed_loop),
        incident=incident,
        seconds=seconds,
    )
    write_json(report, out / "report.json")
    write_page(report, out / "report.html")
    if config.tracking.experiment:
        track(report, out)
    return report


def track(report: Report, out: Path) -> None:
    """Log every figure to MLflow: one run for the evaluation with the files, and beneath it one per method.

    Raises:
        UserError: the tracking server does not answer.
    """
    from rollouts.tracking import tracked_run

    tracking = report.config.tracking
    with tracked_run(
        tracking.experiment, "evaluation", asdict(report.config), uri=tracking.uri, tags={"kind": "evaluation"}
    ) as run:
        run.log({f"noise_ceiling_{name}": figure.value for name, figure in report.noise_ceiling.items()})
        for name in ("report.json", "report.html"):
            run.log_artifact(out / name)
        rows = [(method.name, "ranking", method.figures) for method in report.methods]
        rows += [(result.name, "closed_loop", result.figures) for result in report.closed_loop]
        for method_name, kind, figures in rows:
            with tracked_run(
                tracking.experiment,
                f"{kind}: {method_name}",
                {"method": method_name, "split": report.config.split.value},
                uri=tracking.uri,
                tags={"kind": kind},
                parent_run_id=run.run_id,
            ) as child:
                for name, figure in figures.items():
                    child.log({name: figure.value, f"{name}_low": figure.low, f"{name}_high": figure.high})


def _check(config: EvaluateConfig, scenarios: Sequence[Scenario], out: Path) -> None:
    from rollouts.actor import check_policies
    from rollouts.tracking import open_tracking

    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"cannot make {out}: {error.strerror}; give another --out") from error
    if config.tracking.experiment:
        open_tracking(config.tracking.uri)
    spec = StandsSpec(application=config.application, time_scales=config.branching.time_scales)
    check_policies(spec, jobs_of(config.closed_loop.policies, scenarios[:1], (0,)))


def _closed_loop(config: EvaluateConfig, points: list[BranchedPoint], out: Path, say: Say) -> list[ClosedLoopResult]:
    settings, scales = config.closed_loop, config.branching.time_scales
    if not settings.policies:
        return []
    scenarios = [point.point.scenario for point in points[: settings.num_scenarios]]
    say(f"closed loop: {len(settings.policies)} policies on {len(scenarios)} scenarios, {settings.backend} stands")
    if settings.backend == LIVE:
        spec = StandsSpec(
            application=config.application,
            backend=LIVE,
            stands_per_actor=1,
            time_scales=scales,
            inventory=load(settings.inventory, Inventory),
        )
        played = play_live(settings, scenarios, spec, out / "episodes", say)
    else:
        played = play_policies(settings.policies, scenarios, settings.seeds, scales)
    return compare_policies(played, load_application(config.application), num_resamples=config.num_resamples)


def _incident(config: EvaluateConfig, rankers: list[Ranker], catalogue: ActionCatalogue) -> Incident:
    [branched] = branch([named_scenario(config.incident, config.branching.time_scales)], config.branching)
    features = catalogue.features(branched.point.candidates)
    predictions = {
        spec.name: ranker.predict([branched.point], [features])[0]
        for spec, ranker in zip(config.rankers, rankers, strict=True)
    }
    return Incident(branched=branched, prediction=predictions[config.subject_name])


def _notes(points: list[BranchedPoint]) -> Iterator[ScenarioNote]:
    best = tabulate(points).ties_with_best
    for row, branched in enumerate(points):
        scenario = branched.point.scenario
        yield ScenarioNote(
            name=scenario.name,
            family=scenario.family,
            seed=scenario.seed,
            decision_seconds=scenario.decision_seconds,
            candidates=branched.names,
            in_violation=branched.in_violation,
            best=tuple(name for column, name in enumerate(branched.names) if best[row, column]),
        )


@contextmanager
def _timed(seconds: dict[str, float], part: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    seconds[part] = time.perf_counter() - started

"""`report.html`: one self-contained page, no script and nothing to load."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from clusters.applications import load_application
from rollouts.evaluation import closed_loop, methods
from rollouts.evaluation.closed_loop import best_rule_of
from rollouts.evaluation.drawings import MUTED, PREDICTED, Bar, draw_bars
from rollouts.evaluation.incident_view import view_incident
from rollouts.evaluation.methods import MethodResult
from rollouts.evaluation.ranking import LARGE_DIFFERENCE
from rollouts.evaluation.recommendation import readable
from rollouts.evaluation.report import Report, write_whole
from rollouts.evaluation.statistics import Estimate
from rollouts.evaluation.terminal import best_rows, claim, number

RANKING_COLUMNS: Mapping[str, str] = {
    "pairwise_accuracy": "pairwise accuracy",
    "large_pairs_accuracy": "of large pairs",
    "top1": "top-1",
    "regret_mean": "regret, mean",
    "regret_p90": "p90",
    "regret_worst": "worst",
}
DECISION_COLUMNS: Mapping[str, str] = {
    "recovery_accuracy": "recovery accuracy",
    "recovery_brier": "Brier",
    "decision_class_accuracy": "decision class",
    "restraint_noop": "no-operation",
    "restraint_wait": "wait",
    "initiative": "act",
    "harmful_choice": "harmful choice",
}
TRAJECTORY_COLUMNS: Mapping[str, str] = {
    "good_ratio_mae": "good ratio, MAE",
    "good_ratio_pinball": "pinball",
    "error_ratio_mae": "error ratio, MAE",
    "error_ratio_pinball": "pinball ",
    "latency_p95_milliseconds_mae": "p95, MAE ms",
    "latency_p95_milliseconds_pinball": "pinball  ",
}
CLOSED_LOOP_COLUMNS: Mapping[str, str] = {
    "episode_return": "return per episode",
    "recovery_seconds": "recovery, s",
    "violation_share": "time in violation",
    "actions": "actions",
    "failed_actions": "rejected or failed",
    "unsafe_actions": "steps with unsafe actions",
    "cost_millicores": "reserved CPU, m",
}
_LIGHT = "#9db8d6"
_GREY = "#b9c1c9"


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One figure of a table."""

    text: str
    interval: str = ""
    count: int = 0
    is_best: bool = False


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of a table."""

    name: str
    kind: str
    """`subject`, `ranker`, `ablation` or `reference`."""
    cells: tuple[Cell, ...]
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class TableView:
    """A table."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def write_page(report: Report, path: Path) -> None:
    """Write `report.html` whole.

    Raises:
        UserError: it cannot be written.
    """
    write_whole(path, render(report))


def render(report: Report) -> str:
    """The page as text."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return environment.get_template("report.html").render(
        report=report,
        large_difference=LARGE_DIFFERENCE,
        claim=readable(claim(report)),
        subject=readable(report.config.subject_name),
        incident=view_incident(report.incident, load_application(report.config.application)),
        ranking=_ranking_table(report, RANKING_COLUMNS),
        decisions=_ranking_table(report, DECISION_COLUMNS),
        trajectories=_ranking_table(report, TRAJECTORY_COLUMNS),
        bars=_bars(report),
        breakdowns={grouping: _breakdown(report, grouping) for grouping in _groupings(report)},
        closed_loop=_closed_loop_table(report),
        best_rule=readable(best_rule_of(report.closed_loop)),
        num_violated=sum(note.in_violation for note in report.scenarios),
        num_candidates=sum(len(note.candidates) for note in report.scenarios),
        num_pairs=report.noise_ceiling["pairwise_accuracy"].n // 2,
        latencies=[(readable(method.name), number(method.milliseconds_per_decision)) for method in _rankers(report)],
    )


def _rankers(report: Report) -> list[MethodResult]:
    return [method for method in report.methods if not method.ablation]


def _cell(figure: Estimate | None, is_best: bool = False) -> Cell:
    if figure is None or not figure.n:
        return Cell(text="-")
    interval = f"{number(figure.low)} to {number(figure.high)}"
    return Cell(text=number(figure.value), interval=interval, count=figure.n, is_best=is_best)


def _ranking_table(report: Report, columns: Mapping[str, str]) -> TableView:
    competing = [not (method.ablation or method.reference) for method in report.methods]
    best = best_rows([method.figures for method in report.methods], competing, methods.HIGHER_IS_BETTER)
    rows = [
        Row(
            name=readable(method.ablation or method.name),
            kind=_kind(report, method),
            cells=tuple(_cell(method.figures[name], row in best[name]) for name in columns),
            note="yardstick" if method.reference else "",
        )
        for row, method in enumerate(report.methods)
    ]
    if set(report.noise_ceiling) & set(columns):
        cells = tuple(_cell(report.noise_ceiling.get(name)) for name in columns)
        rows.append(
            Row(name="noise ceiling", kind="reference", cells=cells, note="half of the replicates by the other")
        )
    return TableView(columns=tuple(columns.values()), rows=tuple(rows))


def _kind(report: Report, method: MethodResult) -> str:
    if method.ablation:
        return "ablation"
    if method.reference:
        return "reference"
    return "subject" if method.name == report.config.subject_name else "ranker"


def _bars(report: Report) -> Markup:
    colours = {"subject": PREDICTED, "ablation": _LIGHT, "ranker": _GREY, "reference": MUTED}
    bars = [
        Bar(
            label=readable(method.name),
            figure=method.figures["pairwise_accuracy"],
            colour=colours[_kind(report, method)],
        )
        for method in report.methods
    ]
    ceiling = report.noise_ceiling["pairwise_accuracy"].value
    lowest = min((bar.figure.low for bar in bars), default=0.3)
    lines = [("chance", 0.5), ("noise ceiling", ceiling)]
    limits = (max(0.0, min(0.3, lowest - 0.05)), 1.08)
    return Markup(draw_bars(bars, label="pairwise accuracy, 95 % interval", lines=lines, limits=limits))


def _groupings(report: Report) -> Sequence[str]:
    return [
        name for name in ("families", "fault", "intensity", "duration", "workload") if name in report.subject.groups
    ]


def _breakdown(report: Report, grouping: str) -> TableView:
    """Pairwise accuracy of every ranker by group, and the subject's regret with its tail."""
    rankers = _rankers(report)
    rows = []
    for group, figures in report.subject.groups[grouping].items():
        by_method = [{"pairwise_accuracy": m.groups[grouping][group]["pairwise_accuracy"]} for m in rankers]
        best = best_rows(by_method, [not m.reference for m in rankers], {"pairwise_accuracy": True})
        cells = [
            _cell(of_method["pairwise_accuracy"], position in best["pairwise_accuracy"])
            for position, of_method in enumerate(by_method)
        ]
        cells += [_cell(figures["regret_mean"]), _cell(figures["regret_p90"])]
        rows.append(
            Row(
                name=readable(group),
                kind="ranker",
                cells=tuple(cells),
                note=f"{figures['top1'].n} points, {figures['pairwise_accuracy'].n} pairs",
            )
        )
    subject = readable(report.config.subject_name)
    columns = (*(readable(method.name) for method in rankers), f"regret of {subject}", "its p90")
    return TableView(columns=columns, rows=tuple(rows))


def _closed_loop_table(report: Report) -> TableView:
    results = report.closed_loop
    best = best_rows([result.figures for result in results], [True] * len(results), closed_loop.HIGHER_IS_BETTER)
    rows = [
        Row(
            name=readable(result.name),
            kind="ranker",
            cells=(
                *(_cell(result.figures[name], row in best[name]) for name in CLOSED_LOOP_COLUMNS),
                _cell(result.versus_do_nothing.get("episode_return")),
                _cell(result.versus_best_rule.get("episode_return")),
            ),
        )
        for row, result in enumerate(results)
    ]
    columns = (*CLOSED_LOOP_COLUMNS.values(), "return against do nothing", "return against the best rule")
    return TableView(columns=columns, rows=tuple(rows))

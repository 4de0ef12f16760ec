"""The outcome as terminal tables; the best value of each column is bold, whoever has it."""

from collections.abc import Mapping, Sequence, Set

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from rollouts.evaluation import closed_loop, methods
from rollouts.evaluation.report import Report
from rollouts.evaluation.statistics import EMPTY, Estimate

RANKING_COLUMNS: Mapping[str, str] = {
    "pairwise_accuracy": "pairwise",
    "top1": "top-1",
    "regret_mean": "regret",
    "regret_p90": "p90",
    "recovery_accuracy": "recovery",
    "restraint": "restraint",
}
CLOSED_LOOP_COLUMNS: Mapping[str, str] = {
    "episode_return": "return",
    "versus_do_nothing": "vs nothing",
    "versus_best_rule": "vs rule",
    "violation_share": "violated",
    "actions": "actions",
}


def print_report(report: Report, console: Console) -> None:
    """Print the ranking table, the claim in a sentence, and the closed loop."""
    console.print(ranking_table(report))
    console.print(claim(report), highlight=False, soft_wrap=True)
    if report.closed_loop:
        console.print(closed_loop_table(report))


def ranking_table(report: Report) -> Table:
    """One row per method and one for the noise ceiling."""
    table = _table("Ranking candidate actions, with 95 % intervals", "method", RANKING_COLUMNS)
    rows = [method.figures for method in report.methods]
    competing = [not (method.ablation or method.reference) for method in report.methods]
    best = best_rows(rows, competing, methods.HIGHER_IS_BETTER)
    for row, method in enumerate(report.methods):
        name = f"  {method.ablation.replace('_', ' ')}" if method.ablation else method.name
        winning = {figure for figure, winners in best.items() if row in winners}
        table.add_row(name, *_cells(method.figures, RANKING_COLUMNS, winning))
    table.add_section()
    table.add_row("noise ceiling", *_cells(report.noise_ceiling, RANKING_COLUMNS, set()))
    return table


def closed_loop_table(report: Report) -> Table:
    """One row per policy."""
    table = _table("Acting through step, with 95 % intervals", "policy", CLOSED_LOOP_COLUMNS)
    rows = [result.figures for result in report.closed_loop]
    best = best_rows(rows, [True] * len(rows), closed_loop.HIGHER_IS_BETTER)
    for row, result in enumerate(report.closed_loop):
        shown = {
            **result.figures,
            "versus_do_nothing": result.versus_do_nothing.get("episode_return", EMPTY),
            "versus_best_rule": result.versus_best_rule.get("episode_return", EMPTY),
        }
        winning = {name for name, winners in best.items() if row in winners}
        table.add_row(result.name, *_cells(shown, CLOSED_LOOP_COLUMNS, winning))
    return table


def claim(report: Report) -> str:
    """What the subject gains over the strongest other ranker, whichever way it went."""
    others = [m for m in report.methods if not m.ablation and not m.reference and m.name != report.subject.name]
    own = report.subject.figures["pairwise_accuracy"]
    if not others:
        return f"{report.subject.name}: pairwise accuracy {interval(own)}, and nothing to compare it with."
    rival = max(others, key=lambda method: method.figures["pairwise_accuracy"].value)
    gain = rival.subject_gain["pairwise_accuracy"]
    verdict = "above" if gain.low > 0 else "below" if gain.high < 0 else "not distinguishable from"
    return (
        f"{report.subject.name} orders {own.value:.0%} of the pairs as the truth does; that is {verdict} the "
        f"strongest other ranker, {rival.name} (difference {gain.value:+.2f}, 95 % interval {gain.low:+.2f} to "
        f"{gain.high:+.2f}). Noise ceiling: {report.noise_ceiling['pairwise_accuracy'].value:.2f}."
    )


def best_rows(
    rows: Sequence[Mapping[str, Estimate]], competing: Sequence[bool], higher: Mapping[str, bool | None]
) -> dict[str, set[int]]:
    """Per figure, the competing rows with the best value (several if equal; none if all are equal)."""
    best: dict[str, set[int]] = {}
    for figure, is_higher_better in higher.items():
        values = np.array(
            [row[figure].value if can_win else np.nan for row, can_win in zip(rows, competing, strict=True)]
        )
        if is_higher_better is None or not np.isfinite(values).any() or np.nanmax(values) - np.nanmin(values) < 1e-9:
            best[figure] = set()
            continue
        winner = np.nanmax(values) if is_higher_better else np.nanmin(values)
        best[figure] = set(np.flatnonzero(np.abs(values - winner) < 1e-9).tolist())
    return best


def number(value: float) -> str:
    """Three significant digits, at most three decimals; a dash where there is none."""
    if not np.isfinite(value):
        return "-"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def interval(figure: Estimate) -> str:
    """The value with its interval in brackets."""
    return f"{number(figure.value)} [{number(figure.low)}, {number(figure.high)}]" if figure.n else "-"


def _table(title: str, first: str, columns: Mapping[str, str]) -> Table:
    """A table that fits eighty characters."""
    table = Table(title=title, box=box.SIMPLE_HEAD, padding=0, title_justify="left")
    table.add_column(first, no_wrap=True)
    for column in columns.values():
        table.add_column(column, justify="right", no_wrap=True)
    return table


def _cells(figures: Mapping[str, Estimate], columns: Mapping[str, str], winning: Set[str]) -> list[Text]:
    cells = []
    for name in columns:
        figure = figures.get(name)
        if figure is None or not figure.n:
            cells.append(Text("-"))
            continue
        value = Text(number(figure.value), style="bold" if name in winning else "")
        cells.append(value + Text(f"\n{number(figure.low)} {number(figure.high)}", style="dim"))
    return cells

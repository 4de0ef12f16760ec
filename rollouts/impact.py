"""Which faults users feel, of a fill's scenarios or of recorded episodes: the yield, family by family."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from clusters.documents import to_document
from envs.scenarios.impact import FamilyYield, ImpactReport, ImpactRules, validate
from ray_configs.errors import UserError
from ray_configs.loading import load
from rollouts.collect import CollectConfig
from rollouts.dataset.documents import dump
from rollouts.impact_arguments import ImpactArguments
from rollouts.recorded_impact import RecordedImpacts, recorded_impacts
from rollouts.stands import LIVE


def impact_command(arguments: ImpactArguments) -> int:
    """Play or read, print the yield, and write every impact if a file is named."""
    console = Console()
    report: ImpactReport | RecordedImpacts
    if arguments.source.is_dir():
        report = recorded_impacts(arguments.source)
        for why_not, number in report.not_judged.items():
            console.print(f"not judged: {number} episodes, {why_not}", highlight=False, soft_wrap=True)
        print_yields(report.report.yields, console)
    else:
        report = impact_of(load(arguments.source, CollectConfig))
        print_yields(report.yields, console)
    if arguments.out is not None:
        _write(report, arguments.out)
        console.print(f"written: {arguments.out}", highlight=False, soft_wrap=True)
    return 0


def impact_of(config: CollectConfig) -> ImpactReport:
    """The impact of every scenario that a fill would play.

    Raises:
        UserError: as drawing the scenarios; the application is unknown; the fill is of live stands.
    """
    if config.backend == LIVE:
        raise UserError(
            f"a fill of {config.backend} stands cannot be played twice with the same randomness; fill the data set, "
            f"and measure what was recorded: python -m rollouts impact {config.dataset}"
        )
    scenarios = [
        scenario for draw in config.scenarios for scenario in draw.draw(config.application, config.time_scales)
    ]
    return validate(scenarios, ImpactRules(bucket_seconds=config.time_scales.observation_bucket_seconds))


def print_yields(yields: Sequence[FamilyYield], console: Console) -> None:
    """One row per first fault and intensity, and the sum."""
    table = Table(title="scenarios that users feel")
    for heading in ("fault", "intensity", "felt", "drawn", "yield"):
        table.add_column(heading, justify="left" if heading in ("fault", "intensity") else "right")
    for row in sorted(yields, key=lambda row: (row.fault, row.intensity)):
        table.add_row(row.fault, row.intensity, str(row.num_effective), str(row.num_scenarios), f"{row.share:.0%}")
    felt, drawn = sum(row.num_effective for row in yields), sum(row.num_scenarios for row in yields)
    table.add_section()
    table.add_row("all", "", str(felt), str(drawn), f"{felt / drawn:.0%}" if drawn else "-")
    console.print(table)


def _write(report: ImpactReport | RecordedImpacts, path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(dump(to_document(report), indent=1))
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}; name another file with --out") from error

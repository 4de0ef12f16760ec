"""The outcome of an evaluation as one value, and as `report.json`."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ray_configs.errors import UserError
from rollouts.evaluation.closed_loop import ClosedLoopResult
from rollouts.evaluation.config import EvaluateConfig
from rollouts.evaluation.methods import MethodResult
from rollouts.evaluation.ranking_contract import Prediction
from rollouts.evaluation.statistics import Estimate
from rollouts.evaluation.truth import BranchedPoint

SCHEMA_VERSION = 1


@dataclass(frozen=True, kw_only=True)
class Incident:
    """The named incident that the page shows: every candidate's predicted and true future."""

    branched: BranchedPoint
    prediction: Prediction
    """The subject's."""


@dataclass(frozen=True, kw_only=True)
class ScenarioNote:
    """What was judged on."""

    name: str
    family: str
    seed: int
    decision_seconds: float
    candidates: tuple[str, ...]
    """Those that were allowed at the decision."""
    in_violation: bool
    best: tuple[str, ...]
    """The best candidate in truth, and those that tie with it."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """Everything an evaluation found."""

    config: EvaluateConfig
    scenarios: tuple[ScenarioNote, ...]
    noise_ceiling: Mapping[str, Estimate]
    """The truth judged by itself, from disjoint halves of the replicates."""
    methods: tuple[MethodResult, ...]
    closed_loop: tuple[ClosedLoopResult, ...]
    incident: Incident
    seconds: Mapping[str, float]
    """Wall time by part."""

    def method(self, name: str) -> MethodResult:
        """The method of that name; KeyError naming the known ones otherwise."""
        for method in self.methods:
            if method.name == name:
                return method
        raise KeyError(f"no method {name!r}: there are {', '.join(method.name for method in self.methods)}")

    @property
    def subject(self) -> MethodResult:
        """The method that the claim is about."""
        return self.method(self.config.subject_name)


def report_document(report: Report) -> dict[str, Any]:
    """`report.json` as plain data: every figure is {value, low, high, n}, null where it cannot be counted."""
    return {
        "schema_version": SCHEMA_VERSION,
        "config": asdict(report.config),
        "subject": report.config.subject_name,
        "noise_ceiling": _figures(report.noise_ceiling),
        "methods": [
            {
                "name": method.name,
                "ranker": method.ranker,
                "ablation": method.ablation or None,
                "reference": method.reference,
                "milliseconds_per_decision": method.milliseconds_per_decision,
                "figures": _figures(method.figures),
                "subject_gain": _figures(method.subject_gain),
                "groups": {
                    grouping: {group: _figures(figures) for group, figures in groups.items()}
                    for grouping, groups in method.groups.items()
                },
            }
            for method in report.methods
        ],
        "closed_loop": [
            {
                "name": result.name,
                "figures": _figures(result.figures),
                "versus_do_nothing": _figures(result.versus_do_nothing),
                "versus_best_rule": _figures(result.versus_best_rule),
            }
            for result in report.closed_loop
        ],
        "scenarios": [asdict(note) for note in report.scenarios],
        "seconds": dict(report.seconds),
    }


def write_json(report: Report, path: Path) -> None:
    """Write `report.json` whole.

    Raises:
        UserError: it cannot be written.
    """
    write_whole(path, json.dumps(report_document(report), indent=2, allow_nan=False) + "\n")


def write_whole(path: Path, text: str) -> None:
    """Write a file so that a reader sees the old one or the new one.

    Raises:
        UserError: it cannot be written.
    """
    temporary = path.with_name(f".{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}; free some space or give another --out") from error


def _figures(figures: Mapping[str, Estimate]) -> dict[str, dict[str, float | int | None]]:
    return {name: figure.as_json() for name, figure in figures.items()}

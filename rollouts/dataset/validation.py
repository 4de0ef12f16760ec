"""Check every run of a data set against the contract: list the runs -> open each file -> run the checks on what opened.

Nothing here raises for a bad run: each violation is named with its run, its file and the reason. To add a check: a
function in one of the `*_checks.py`, and one line in `CHECKS`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ray_configs.errors import UserError
from rollouts.dataset.arguments import ValidateArguments
from rollouts.dataset.files import read_bytes, read_table
from rollouts.dataset.graph import Graph, decode_graph
from rollouts.dataset.metadata import RunMetadata, decode_metadata
from rollouts.dataset.opened_run import Finding, OpenedRun
from rollouts.dataset.reader import list_runs
from rollouts.dataset.record_checks import check_actions, check_events, check_labels, check_rewards
from rollouts.dataset.schema import FILES, GRAPH_FILE, METADATA_FILE, TABLES, TORN_PREFIX
from rollouts.dataset.stream_checks import check_coroot, check_json_lines, check_metadata, check_run_ids, check_streams
from rollouts.dataset.telemetry_checks import check_buckets, check_entities, check_values
from rollouts.dataset.told_checks import check_log_counts, check_log_rates, check_spans, check_told_times

CHECKS: tuple[Callable[[OpenedRun], Iterator[Finding]], ...] = (
    check_metadata,
    check_run_ids,
    check_buckets,
    check_entities,
    check_values,
    check_actions,
    check_rewards,
    check_labels,
    check_events,
    check_streams,
    check_json_lines,
    check_coroot,
    check_spans,
    check_log_counts,
    check_log_rates,
    check_told_times,
)
"""Each looks only at the files that opened."""


@dataclass(frozen=True, kw_only=True)
class Violation:
    """One way in which a run is not what the contract says."""

    run: str
    """Name of the run directory."""
    file: str
    reason: str

    def __str__(self) -> str:
        return f"{self.run}/{self.file}: {self.reason}"


@dataclass
class _Opening:
    """What could be opened of a run so far, and what could not."""

    metadata: RunMetadata | None = None
    graph: Graph | None = None
    tables: dict[str, Any] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def validate_command(arguments: ValidateArguments) -> int:
    """Print each violation; 1 if there is one, else 0.

    Raises:
        UserError: there is no such folder, or no run in it.
    """
    from rich.console import Console

    console = Console()
    violations = validate(arguments.dataset)
    for violation in violations:
        console.print(str(violation), markup=False, highlight=False, soft_wrap=True)
    num_runs = len(list_runs(arguments.dataset))
    verdict = f"{len(violations)} violation(s)" if violations else "every one as the contract says"
    console.print(f"{num_runs} run(s) in {arguments.dataset}: {verdict}", markup=False, highlight=False, soft_wrap=True)
    return 1 if violations else 0


def validate(dataset_dir: Path) -> list[Violation]:
    """All violations of a data set.

    Raises:
        UserError: there is no such folder, or it holds no run.
    """
    runs = list_runs(dataset_dir)
    torn = sorted(path.name for path in dataset_dir.glob(f"{TORN_PREFIX}*"))
    if not runs and not torn:
        raise UserError(f"{dataset_dir} holds no run_<id> directory; give the folder that `collect` wrote to")
    violations = [
        Violation(run=name, file=".", reason="left by a writer that was killed; delete it (no committed run is lost)")
        for name in torn
    ]
    for run in runs:
        violations += validate_run(run)
    return violations


def validate_run(path: Path) -> list[Violation]:
    """All violations of one run directory."""
    opening = _open(path)
    if opening.metadata is not None and opening.graph is not None:
        run = OpenedRun(path=path, metadata=opening.metadata, graph=opening.graph, tables=opening.tables)
        for check in CHECKS:
            opening.findings += check(run)
    return [Violation(run=path.name, file=file, reason=reason) for file, reason in opening.findings]


def _open(path: Path) -> _Opening:
    opening = _Opening()
    present = {entry.name for entry in path.iterdir()}
    opening.findings += [(name, "missing: the run is torn; collect it again") for name in FILES if name not in present]
    opening.findings += [(name, "not a file of the contract; remove it") for name in sorted(present - set(FILES))]
    for name in (name for name in FILES if name in present):
        try:
            if name == METADATA_FILE:
                opening.metadata = decode_metadata(read_bytes(path / name))
            elif name == GRAPH_FILE:
                opening.graph = decode_graph(read_bytes(path / name))
            elif name in TABLES:
                table = read_table(path / name)
                differences = list(_schema_differences(table.schema, TABLES[name]))
                opening.findings += [(name, difference) for difference in differences]
                if not differences:
                    opening.tables[name] = table
        except UserError as error:
            opening.findings.append((name, str(error).removeprefix(f"{path / name} ")))
    return opening


def _schema_differences(found: Any, wanted: Any) -> Iterator[str]:
    for name in wanted.names:
        if name not in found.names:
            yield f"column {name!r} is missing"
            continue
        is_, should = found.field(name), wanted.field(name)
        if is_.type != should.type or is_.nullable != should.nullable:
            yield f"column {name!r} is {_typed(is_)}, the contract says {_typed(should)}"
        elif (is_.metadata or {}).get(b"unit") != should.metadata[b"unit"]:
            unit = (is_.metadata or {}).get(b"unit", b"").decode()
            yield f"column {name!r} has the unit {unit!r}, the contract says {should.metadata[b'unit'].decode()!r}"
    unknown = [name for name in found.names if name not in wanted.names]
    if unknown:
        yield f"unknown column(s) {', '.join(unknown)}"
    elif list(found.names) != list(wanted.names) and set(found.names) == set(wanted.names):
        yield "columns stand in another order than the contract says"
    if (found.metadata or {}).get(b"contract_version") != wanted.metadata[b"contract_version"]:
        yield "the schema's contract_version is not the contract's"


def _typed(arrow_field: Any) -> str:
    return f"{arrow_field.type}{'' if arrow_field.nullable else ' not null'}"

"""metadata.json: what was played, by whom, on what, and what the files beside it hold. Enough to play it again."""

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np

from clusters.scenario import Scenario
from clusters.simulated.telemetry.scraping import Scraping
from envs.actions.action import Action
from envs.time_scales import TimeScales
from ray_configs.errors import UserError
from rollouts.dataset.documents import dump, from_document, load_json, to_document
from rollouts.dataset.schema import CONTRACT_VERSION, FILES, GYM_API_VERSION, METADATA_FILE, OPTIONAL_STREAMS
from rollouts.episode import Episode, PolicySpec

_SIMULATED = "the stand was simulated"


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """What the stand ran on. A field that does not exist is null or empty, and `absent_because` says why."""

    backend: str
    chart_versions: Mapping[str, str]
    kubernetes_version: str | None
    collector_config_hash: str | None
    absent_because: Mapping[str, str]


SIMULATED_DEPLOYMENT = Deployment(
    backend="simulated",
    chart_versions={},
    kubernetes_version=None,
    collector_config_hash=None,
    absent_because={
        "chart_versions": f"{_SIMULATED}: no chart was installed",
        "kubernetes_version": f"{_SIMULATED}: it ran on no Kubernetes",
        "collector_config_hash": f"{_SIMULATED}: its telemetry passed through no collector",
    },
)


@dataclass(frozen=True, kw_only=True)
class ScheduledAction:
    """An entry of `action_schedule`."""

    time: str
    step: int
    action_id: str
    action: str


@dataclass(frozen=True, kw_only=True)
class ScheduledIntervention:
    """An entry of `intervention_schedule`: as planned, whether or not the run got that far."""

    intervention_id: str
    fault_type: str
    target: str
    start: str
    end: str | None
    intensity: str
    duration: str


@dataclass(frozen=True, kw_only=True)
class RunMetadata:
    """The document. Times are RFC 3339 in UTC with nanoseconds, on the stand's clock."""

    run_id: str
    contract_version: str
    gym_api_version: str
    seed: int
    backend: str
    chart_versions: Mapping[str, str]
    git_shas: Mapping[str, str | None]
    kubernetes_version: str | None
    collector_config_hash: str | None
    absent_because: Mapping[str, str]
    """Why a field above is null or empty."""
    service_config: str
    """Name of the application."""
    workload_profile: str
    policy_name: str
    run_start: str
    """Start of the first bucket, warm-up included."""
    run_end: str
    """End of the last bucket."""
    num_steps: int
    end_reason: str
    granularity_config: TimeScales
    scraping: Scraping | None
    """How the telemetry of a simulated stand was collected; null: as it was, or the stand was none."""
    streams: Mapping[str, bool]
    """Stream -> whether it was on. The file of a stream that was off is there, and empty."""
    policy: PolicySpec
    action_schedule: tuple[ScheduledAction, ...]
    intervention_schedule: tuple[ScheduledIntervention, ...]
    action_catalogue: tuple[Action, ...]
    """What `action_index` of actions.parquet means."""
    scenario: Scenario = field(kw_only=True)


def build_metadata(episode: Episode, actions: tuple[Action, ...], deployment: Deployment) -> RunMetadata:
    """The metadata of an episode that was played on `deployment` with the catalogue `actions`."""
    scenario, times = episode.scenario, episode.telemetry.times_ns
    bucket_ns = round(episode.telemetry.bucket_seconds * 1e9)
    sha = git_sha()
    absent = dict(deployment.absent_because)
    if sha is None:
        absent["git_shas"] = "the program did not run from a Git checkout"
    return RunMetadata(
        run_id=episode.run_id,
        contract_version=CONTRACT_VERSION,
        gym_api_version=GYM_API_VERSION,
        seed=episode.seed,
        backend=deployment.backend,
        chart_versions=deployment.chart_versions,
        git_shas={"otel-control-gym": sha},
        kubernetes_version=deployment.kubernetes_version,
        collector_config_hash=deployment.collector_config_hash,
        absent_because=absent,
        service_config=scenario.application,
        workload_profile=scenario.workload.profile,
        policy_name=episode.policy.name,
        run_start=rfc3339(int(times[0])),
        run_end=rfc3339(int(times[-1]) + bucket_ns),
        num_steps=len(episode.steps),
        end_reason=episode.end_reason,
        granularity_config=episode.time_scales,
        scraping=episode.scraping,
        streams=_streams(episode),
        policy=episode.policy,
        action_schedule=tuple(
            ScheduledAction(
                time=rfc3339(step.time_ns), step=number, action_id=action_id(number), action=step.action_name
            )
            for number, step in enumerate(episode.steps)
        ),
        intervention_schedule=_interventions(scenario, int(times[0])),
        action_catalogue=actions,
        scenario=scenario,
    )


def action_id(step: int) -> str:
    """Id of the operator's action of a control step, unique in its run."""
    return f"action-{step:05d}"


def fault_action_id(step: int, position: int) -> str:
    """Id of the orchestrator's `position`-th command within a control step, unique in its run."""
    return f"fault-{step:05d}-{position:02d}"


def encode_metadata(metadata: RunMetadata) -> bytes:
    """The file's bytes."""
    return dump(to_document(metadata), indent=1)


def decode_metadata(data: bytes) -> RunMetadata:
    """The metadata in a file's bytes.

    Raises:
        UserError: no such document, or of a contract that this program does not read.
    """
    document = load_json(data, source=METADATA_FILE)
    version = str(document.get("contract_version")) if isinstance(document, dict) else "None"
    if version.split(".")[0] != CONTRACT_VERSION.split(".")[0]:
        raise UserError(
            f"{METADATA_FILE} has contract_version {version} and this program reads {CONTRACT_VERSION}; read it with "
            "the version that wrote it, or collect the run again"
        )
    return from_document(document, RunMetadata, source=METADATA_FILE)


def rfc3339(time_ns: int) -> str:
    """A time on the stand's clock as text, to the nanosecond."""
    return f"{np.datetime64(time_ns, 'ns')}Z"


@cache
def git_sha() -> str | None:
    """Commit of the program, with `-dirty` if files were changed since; None outside a Git checkout of its own."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return None
    command = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None


def _streams(episode: Episode) -> dict[str, bool]:
    optional = {stream: stream in episode.streams_on for stream in OPTIONAL_STREAMS.values()}
    always = {name.split(".")[0]: True for name in FILES if name.endswith(".parquet") and name not in OPTIONAL_STREAMS}
    return always | optional


def _interventions(scenario: Scenario, run_start_ns: int) -> tuple[ScheduledIntervention, ...]:
    def at(seconds: float) -> str:
        return rfc3339(run_start_ns + round((scenario.warmup_seconds + seconds) * 1e9))

    return tuple(
        ScheduledIntervention(
            intervention_id=fault.fault_id,
            fault_type=fault.kind,
            target=fault.target,
            start=at(fault.start_seconds),
            end=None if fault.end_seconds is None else at(fault.end_seconds),
            intensity=fault.intensity,
            duration=fault.duration,
        )
        for fault in scenario.faults
    )

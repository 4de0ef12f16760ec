"""Random kills during fills: of actors, readers, the driver, Ray; the API server and a kubelet that stand still.

What was committed before a kill must be there and whole at the end, and after the leases have expired and `gc` has run
nothing of ours may remain on the cluster.
"""

import contextlib
import hashlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import psutil

from clusters.k3s.api import KubeApi
from clusters.k3s.connection import connect
from clusters.k3s.kinds import CHAOS_KINDS, LEASE, NAMESPACE
from rollouts.dataset.reader import list_runs
from rollouts.ray_session import PROJECT_ROOT
from tests.benchmarks.bars import Bar
from tests.benchmarks.k3s_fill import RunFiles
from tests.benchmarks.k3s_lab import live_inventory
from tests.ray_head import end_session

KILLS: Mapping[str, int] = {"actor": 12, "reader": 5, "driver": 4, "ray": 3, "api_server": 3, "kubelet": 3}
"""Thirty, in random order. What is not the kill of an actor ends all episodes that are played: were those as frequent,
nothing would ever be committed that could be lost."""
PAUSE_SECONDS = (5.0, 80.0)
"""Between two kills."""
MAX_TRIES = 20
"""To find a process of a kind: a fill that has just begun has none yet."""
STILL_SECONDS = 60.0
LEASE_SECONDS = 30.0
PROCESSES: Mapping[str, str] = {"actor": "ray::StandActor", "reader": "ray::ReaderActor", "ray": "raylet"}
"""What is killed -> a word of its command line."""
DRAWN = {"split": "train", "count": 100, "menu": "brief"}
STOPPED = {"api_server": "GYM_API_SERVER_PID", "kubelet": "GYM_KUBELET_PID"}
"""What stands still for a while -> the variable with its process id; without it that kind of kill is left out."""
POLICIES = [{"name": "tests.benchmarks.handing_over:HandsOver"}]
"""Short episodes: of the usual ones hardly any would be played to its end between two kills."""


def kill_bars() -> list[Bar]:
    """Kill, resume, and look at what is left."""
    with (
        tempfile.TemporaryDirectory(prefix="gym-kills-") as folder,
        live_inventory(stands=2, lease_seconds=LEASE_SECONDS) as inventory,
    ):
        files = RunFiles(Path(folder), inventory)
        kills, committed = _kill_at_random(files)
        lost = [name for name, content in committed.items() if _content(files.dataset / name) != content]
        valid = not committed or _succeeds("rollouts", "validate", str(files.dataset))
        time.sleep(2 * LEASE_SECONDS)
        _succeeds("clusters", "gc", str(files.inventory))
        left = _left(connect(inventory.clusters[0]), inventory.namespace_prefix)
    kinds = ", ".join(f"{number} {kind}" for kind, number in sorted(kills.items()))
    return [
        Bar(
            name="runs_lost_or_torn_by_kills",
            value=len(lost) + (not valid),
            anchor=f"{len(committed)} committed; kills: {kinds}",
            ratio=None,
            goal="0 of some",
            holds=not lost and valid and bool(committed),
        ),
        Bar(
            name="objects_left_after_gc",
            value=len(left),
            anchor=" ".join(left[:3]),
            ratio=None,
            goal="0",
            holds=not left,
        ),
    ]


def _kill_at_random(files: RunFiles) -> tuple[Counter[str], dict[str, str]]:
    """(kills by kind, content of every run that was ever committed)."""
    rng = random.Random(0)
    config = files.config("k3s", policies=POLICIES, paired=[], scenarios=[DRAWN])
    command = [sys.executable, "-m", "rollouts", "collect", str(config), "--out", str(files.dataset), "--resume"]
    left_out = {kind for kind, name in STOPPED.items() if not os.environ.get(name)}
    kinds = [kind for kind, number in KILLS.items() if kind not in left_out for _ in range(number)]
    rng.shuffle(kinds)
    kills, committed = Counter[str](), dict[str, str]()
    fill: subprocess.Popen[bytes] | None = None
    try:
        for kind in kinds:
            for _ in range(MAX_TRIES):
                if fill is None or fill.poll() is not None:
                    fill = subprocess.Popen(command, cwd=PROJECT_ROOT, start_new_session=True)
                time.sleep(rng.uniform(*PAUSE_SECONDS))
                committed |= {path.name: _content(path) for path in _committed(files) if path.name not in committed}
                if _kill(kind, fill):
                    break
            else:
                raise SystemExit(f"in {MAX_TRIES} tries there was nothing to kill of the kind {kind}")
            kills[kind] += 1
            print(f"killed: {kills.total()} of {len(kinds)} ({kind}), {len(committed)} runs committed", flush=True)
    finally:
        if fill is not None:
            end_session(fill.pid)
            fill.wait()
    return kills, committed


def _kill(kind: str, fill: "subprocess.Popen[bytes]") -> bool:
    """Whether there was something to kill."""
    if kind in STOPPED:
        process = psutil.Process(int(os.environ[STOPPED[kind]]))
        process.suspend()
        try:
            time.sleep(STILL_SECONDS)
        finally:
            process.resume()
        return True
    if kind == "driver":
        fill.kill()
        return True
    with contextlib.suppress(psutil.NoSuchProcess):
        family = psutil.Process(fill.pid).children(recursive=True)
        victims = [process for process in family if PROCESSES[kind] in " ".join(process.cmdline())]
        if victims:
            victims[0].send_signal(signal.SIGKILL)
            return True
    return False


def _committed(files: RunFiles) -> list[Path]:
    return list_runs(files.dataset) if files.dataset.is_dir() else []


def _content(path: Path) -> str:
    """A digest of every file of a run; empty if it is not there."""
    if not path.is_dir():
        return ""
    digest = hashlib.sha256()
    for file in sorted(path.iterdir()):
        digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()


def _left(api: KubeApi, prefix: str) -> list[str]:
    """Namespaces, leases and chaos resources of a prefix."""
    kinds = (NAMESPACE, LEASE, *CHAOS_KINDS)
    found = [(kind.name, item["metadata"]) for kind in kinds for item in api.list(kind)]
    return [
        f"{kind}/{metadata['name']}"
        for kind, metadata in found
        if metadata.get("namespace", metadata["name"]).startswith(prefix)
    ]


def _succeeds(*arguments: str) -> bool:
    done = subprocess.run([sys.executable, "-m", *arguments], cwd=PROJECT_ROOT, capture_output=True, text=True)
    print(done.stdout[-1500:], done.stderr[-1500:], flush=True)
    return done.returncode == 0

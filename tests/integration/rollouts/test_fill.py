"""The fill on a real Ray: it completes, survives a killed actor, resumes, and names what it lacks."""

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from clusters.scenario import Split
from ray_configs.errors import UserError
from rollouts.collect import CollectConfig, collect
from rollouts.dataset.reader import list_runs
from rollouts.dataset.validation import validate
from rollouts.jobs import PolicyShare, ScenarioDraw, draw_jobs
from rollouts.pool import FillResult, PoolSettings, fill

pytestmark = pytest.mark.usefixtures("ray_cluster")


def make_config(count: int, pool: PoolSettings | None = None) -> CollectConfig:
    return CollectConfig(
        scenarios=(ScenarioDraw(split=Split.TRAIN, count=count, seed=5),),
        policies=(PolicyShare(name="random", share=3.0), PolicyShare(name="do_nothing", share=1.0)),
        dataset="unused",
        stands_per_actor=2,
        pool=pool or PoolSettings(actors=2, cpus_per_actor=0.5),
    )


def start(config: CollectConfig, dataset_dir: Path, stop_after: int | None = None) -> FillResult:
    """A fill that is stopped after so many results."""
    jobs = draw_jobs(config.stands(), config.scenarios, config.policies, config.seed)
    results = []
    return fill(
        jobs,
        dataset_dir,
        config.stands(),
        config.pool,
        on_result=results.append,
        should_stop=lambda: stop_after is not None and len(results) >= stop_after,
    )


def descends_from_us(process: int) -> bool:
    while process > 1:
        if process == os.getpid():
            return True
        process = int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
    return False


def playing_actor() -> int | None:
    """Process id of an actor that is playing: Ray writes the method it runs into the process title."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if path.read_bytes().startswith(b"ray::StandActor.play") and descends_from_us(int(path.parent.name)):
                return int(path.parent.name)
        except OSError:
            continue
    return None


def test_a_killed_actor_costs_no_committed_run_and_the_fill_completes(tmp_path: Path) -> None:
    committed_before: list[Path] = []
    killed: list[int] = []

    def kill_one() -> None:
        while not killed:
            runs = list_runs(tmp_path)
            process = playing_actor()
            if runs and process is not None:
                committed_before.extend(runs)
                os.kill(process, signal.SIGKILL)
                killed.append(process)
            time.sleep(0.005)

    killer = threading.Thread(target=kill_one, daemon=True)
    killer.start()
    result = collect(make_config(24), tmp_path)
    killer.join(timeout=5)
    assert killed, "the fill ended before an actor could be killed: make it larger"
    assert result.fill.is_complete
    ids = [*(summary.run_id for summary in result.fill.summaries), *result.fill.found]
    assert sorted(ids) == sorted(job.run_id for job in result.jobs)
    runs = list_runs(tmp_path)
    assert len(runs) == 24
    assert set(committed_before) <= set(runs)
    assert validate(tmp_path) == []


def test_a_stopped_fill_keeps_its_runs_and_resumes(tmp_path: Path) -> None:
    config = make_config(8)
    stopped = start(config, tmp_path, stop_after=2)
    kept = {path: path.stat().st_mtime_ns for path in list_runs(tmp_path)}
    assert 2 <= len(kept) < 8
    # An actor may still commit what it played while it is being stopped.
    assert 8 - len(stopped.unplayed) <= len(list_runs(tmp_path)) < 8
    with pytest.raises(UserError, match="--resume"):
        collect(config, tmp_path)
    present = {path.name.removeprefix("run_") for path in list_runs(tmp_path)}
    resumed = collect(config, tmp_path, resume=True)
    assert resumed.fill.is_complete
    assert set(resumed.fill.found) == present
    assert len(list_runs(tmp_path)) == 8
    assert {path: path.stat().st_mtime_ns for path in kept} == kept


def test_an_actor_that_no_node_has_room_for_is_a_sentence(tmp_path: Path) -> None:
    pool = PoolSettings(actors=1, resources_per_actor={"stand": 1.0}, start_timeout_seconds=1.0)
    with pytest.raises(UserError, match=r"'stand': 1.0.*offers.*'stand': 0.0"):
        start(make_config(1, pool), tmp_path)


def test_what_only_the_user_can_mend_ends_the_fill(tmp_path: Path) -> None:
    no_folder = tmp_path / "file"
    no_folder.write_text("")
    with pytest.raises(UserError, match="cannot write run"):
        start(make_config(4), no_folder)

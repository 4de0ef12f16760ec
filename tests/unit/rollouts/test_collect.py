import signal
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from clusters.scenario import Split
from ray_configs.errors import UserError
from rollouts.collect import CollectConfig, CollectResult, collect, print_summary, stop_on_signal
from rollouts.episode import EpisodeSummary, RolloutError
from rollouts.jobs import PolicyShare, ScenarioDraw, draw_jobs
from rollouts.pool import FillResult

CONFIG = CollectConfig(
    scenarios=(ScenarioDraw(split=Split.TRAIN, count=4),),
    policies=(PolicyShare(name="random"),),
    dataset="out/x",
)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_first_signal_stops_the_fill_and_the_second_has_its_usual_effect(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with stop_on_signal() as stop:
        assert not stop.is_set()
        signal.raise_signal(number)
        assert stop.is_set()
        assert signal.getsignal(number) is before
    assert signal.getsignal(number) is before


def test_bad_input_is_found_before_anything_is_started_or_written(tmp_path: Path) -> None:
    config = CollectConfig(scenarios=CONFIG.scenarios, policies=(PolicyShare(name="hpq"),), dataset="x")
    with pytest.raises(UserError, match="hpq"):
        collect(config, tmp_path / "new")
    assert not (tmp_path / "new").exists()
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="file"):
        collect(CONFIG, tmp_path / "file")


def test_the_summary_counts_every_job_and_names_what_failed(tmp_path: Path) -> None:
    jobs = draw_jobs(CONFIG.stands(), CONFIG.scenarios, CONFIG.policies, CONFIG.seed)
    played = EpisodeSummary(
        run_id=jobs[0].run_id, path="p", num_steps=20, episode_return=-3.25, end_reason="horizon", seconds=1.0
    )
    outcome = FillResult(
        summaries=(played,),
        found=(jobs[1].run_id,),
        errors=(RolloutError(run_id=jobs[2].run_id, kind="ZeroDivisionError", message="a defect"),),
        unplayed=(jobs[3].run_id,),
    )
    text = StringIO()
    result = CollectResult(dataset_dir=tmp_path, jobs=jobs, fill=outcome, seconds=2.0)
    print_summary(result, Console(file=text, width=200))
    assert not outcome.is_complete
    for part in ("-3.25", "2 of 4 episodes", "1 found", "ZeroDivisionError: a defect", "1 to play"):
        assert part in text.getvalue()

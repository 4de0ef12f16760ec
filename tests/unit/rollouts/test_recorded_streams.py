"""A fill of stands that are scraped and tell their streams: the runs are as the contract says."""

from dataclasses import replace
from io import StringIO
from pathlib import Path

import numpy as np
import pytest

from clusters.scenario import Split
from clusters.simulated.telemetry.scraping import Scraping
from clusters.streams import StreamsSpec
from ray_configs.loading import load
from rollouts.actor import StandActor
from rollouts.collect import CollectConfig
from rollouts.dataset.files import json_lines_bytes, read_json_lines
from rollouts.dataset.inspection import inspect_run
from rollouts.dataset.reader import list_runs, read_metadata, read_run
from rollouts.dataset.schema import LOGS_FILE
from rollouts.dataset.validation import validate
from rollouts.episode import Episode, EpisodeSummary
from rollouts.jobs import PolicyShare, ScenarioDraw, draw_jobs
from rollouts.stands import StandsSpec

ALL = StreamsSpec(k8s_events=True, logs=True, spans=True, coroot_findings=True, traces_per_bucket=1)
SCRAPING = Scraping(noise_ratio=0.05, gap_ratio=0.02, delay_buckets=2, histogram=True)
PLAIN = StandsSpec(application="small-core", stands_per_actor=2)
JOBS = draw_jobs(
    PLAIN,
    (ScenarioDraw(split=Split.TRAIN, count=2, seed=2),),
    (PolicyShare(name="random", parameters={"act_probability": 0.5}),),
    seed=1,
)


def fill(spec: StandsSpec, dataset: Path) -> list[Episode]:
    """The episodes of a fill as they are read back, in the order of the jobs."""
    results = StandActor(spec).play(JOBS, str(dataset))
    assert all(isinstance(result, EpisodeSummary) for result in results), results
    return [read_run(Path(result.path), with_streams=True) for result in results if isinstance(result, EpisodeSummary)]


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> list[Episode]:
    """Neither scraped nor with streams."""
    return fill(PLAIN, tmp_path_factory.mktemp("plain"))


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With every stream, and perfect telemetry."""
    path = tmp_path_factory.mktemp("told")
    fill(replace(PLAIN, streams=ALL), path)
    return path


def test_runs_with_every_stream_are_valid_and_tell_of_the_whole_run(dataset: Path) -> None:
    assert validate(dataset) == []
    for path in list_runs(dataset):
        episode = read_run(path, with_streams=True)
        assert episode.streams_on == ALL.names
        times, bucket_ns = episode.telemetry.times_ns, 10_000_000_000
        roots = [span for span in episode.streams.spans if span.parent_span_id is None]
        assert [(span.time_ns - times[0]) // bucket_ns for span in roots] == list(range(len(times)))
        lines = {(line.time_ns - times[0]) // bucket_ns for line in episode.streams.logs}
        assert lines == set(range(len(times)))


def test_telling_changes_nothing_of_what_happens(dataset: Path, plain: list[Episode]) -> None:
    for episode in plain:
        told = read_run(dataset / f"run_{episode.run_id}")
        np.testing.assert_array_equal(told.telemetry.nodes, episode.telemetry.nodes)
        assert [step.action for step in told.steps] == [step.action for step in episode.steps]


def test_lines_that_do_not_fit_the_requests_are_named(dataset: Path) -> None:
    (path, *_) = list_runs(dataset)
    whole = (path / LOGS_FILE).read_bytes()
    lines = read_json_lines(path / LOGS_FILE)
    first = next(line for line in lines if b"handled GetProduct" in line)
    (path / LOGS_FILE).write_bytes(json_lines_bytes([line for line in lines if line is not first]))
    assert validate(dataset) == [], "one line of thousands is within the rounding"
    (path / LOGS_FILE).write_bytes(json_lines_bytes([line for line in lines if b"handled <*>" not in line]))
    found = [violation for violation in validate(dataset) if violation.file == LOGS_FILE]
    assert found
    assert "lines of frontend, which had" in found[0].reason
    (path / LOGS_FILE).write_bytes(whole)


def test_a_run_with_streams_is_shown_with_what_was_told(dataset: Path) -> None:
    output = StringIO()
    inspect_run(list_runs(dataset)[0], output, width=160)
    for word in ("what the stand told", "log lines", "INFO", "traces", "good"):
        assert word in output.getvalue()


def test_scraped_runs_say_so_and_hold_late_buckets_as_they_arrived(tmp_path: Path, plain: list[Episode]) -> None:
    scraped = fill(replace(PLAIN, scraping=SCRAPING, streams=replace(ALL, spans=False)), tmp_path)
    assert validate(tmp_path) == []
    for seen, true in zip(scraped, plain, strict=True):
        assert read_metadata(tmp_path / f"run_{seen.run_id}").scraping == SCRAPING
        assert seen.scraping == SCRAPING
        rates = seen.telemetry.nodes[:, 1:, 0]
        assert np.isnan(rates[-2:]).all(), "the end of the run never arrived"
        assert np.isnan(rates[:-2]).mean() < 0.05, "all else did, but for gaps"
        assert len(seen.telemetry.times_ns) == len(true.telemetry.times_ns)
        assert seen.streams.spans == ()


def test_which_telemetry_is_recorded_is_part_of_a_runs_identity() -> None:
    ids = {
        draw_jobs(spec, (ScenarioDraw(split=Split.TRAIN, count=1, seed=3),), (PolicyShare(name="hpa"),), seed=1)[
            0
        ].run_id
        for spec in (PLAIN, replace(PLAIN, scraping=SCRAPING), replace(PLAIN, streams=ALL))
    }
    assert len(ids) == 3


def test_streams_and_scraping_come_from_yaml() -> None:
    config = load(Path("ray_configs/runs/incidents.yaml"), CollectConfig)
    assert config.stands().streams.names == ALL.names
    assert config.stands().scraping == Scraping(noise_ratio=0.03, gap_ratio=0.01, delay_buckets=1, histogram=True)
    default = load(Path("ray_configs/runs/collect.yaml"), CollectConfig).stands()
    assert default.streams.names == ()
    assert default.scraping is None

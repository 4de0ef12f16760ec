import dataclasses
import json
import math
from pathlib import Path

import pytest

from rollouts.dataset.reader import list_runs, read_run
from rollouts.dataset.writer import write_run
from tests.episodes import CATALOGUE, assert_equal, make_episode


@pytest.mark.parametrize("num_steps", [6, 0], ids=["with-steps", "ended-at-once"])
def test_reading_a_run_gives_back_the_episode_that_was_written(tmp_path: Path, num_steps: int) -> None:
    episode = make_episode(num_steps=num_steps)
    assert_equal(episode, read_run(write_run(episode, tmp_path)))


def test_a_run_can_be_read_without_the_program_knowing_its_application(tmp_path: Path) -> None:
    path = write_run(make_episode(), tmp_path)
    for name in ("metadata.json", "graph.json"):
        text = (path / name).read_text().replace('"small-core"', '"retired-application"')
        (path / name).write_text(text)
    assert read_run(path).scenario.application == "retired-application"


def test_the_same_episode_makes_the_same_bytes(tmp_path: Path) -> None:
    first = write_run(make_episode(), tmp_path / "first")
    second = write_run(make_episode(), tmp_path / "second")
    for file in first.iterdir():
        assert file.read_bytes() == (second / file.name).read_bytes(), file.name


def test_a_committed_run_is_left_untouched(tmp_path: Path) -> None:
    path = write_run(make_episode(), tmp_path)
    before = {file.name: (file.read_bytes(), file.stat().st_mtime_ns) for file in path.iterdir()}
    changed = dataclasses.replace(make_episode(), end_reason="goal")
    assert write_run(changed, tmp_path) == path
    assert before == {file.name: (file.read_bytes(), file.stat().st_mtime_ns) for file in path.iterdir()}


def test_runs_are_listed_by_name_and_nothing_else_is(tmp_path: Path) -> None:
    for run_id in ("b", "a"):
        write_run(make_episode(run_id=run_id), tmp_path)
    (tmp_path / ".tmp-c-1-ff").mkdir()
    (tmp_path / "run_notes.txt").write_text("")
    assert [path.name for path in list_runs(tmp_path)] == ["run_a", "run_b"]


def test_a_term_that_only_some_steps_have_is_kept(tmp_path: Path) -> None:
    episode = make_episode()
    last = dataclasses.replace(episode.steps[-1], reward=-5.5, reward_terms={"slo_violation": -0.5, "escalation": -5.0})
    episode = dataclasses.replace(episode, steps=(*episode.steps[:-1], last))
    path = write_run(episode, tmp_path)
    assert_equal(episode, read_run(path))


def test_an_episode_that_does_not_fit_its_application_is_refused(tmp_path: Path) -> None:
    episode = make_episode()
    narrow = dataclasses.replace(episode.telemetry, nodes=episode.telemetry.nodes[:, :-1])
    with pytest.raises(ValueError, match=r"telemetry\.nodes is \(48, 12, \d+\)"):
        write_run(dataclasses.replace(episode, telemetry=narrow), tmp_path)
    renamed = dataclasses.replace(episode.steps[0], action=CATALOGUE.index("restart:cart"))
    with pytest.raises(ValueError, match="step 0 took 'do_nothing'"):
        write_run(dataclasses.replace(episode, steps=(renamed, *episode.steps[1:])), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_metadata_is_plain_json_and_says_why_a_field_is_absent(tmp_path: Path) -> None:
    document = json.loads((write_run(make_episode(), tmp_path) / "metadata.json").read_text())
    assert document["kubernetes_version"] is None
    assert "simulated" in document["absent_because"]["kubernetes_version"]
    assert document["scenario"]["faults"][1]["injections"][0][1] == {
        "verb": "StressCpu",
        "fault_id": "cpu-1",
        "service": "checkout",
        "load_ratio": 0.1 + 0.2,
    }
    assert not any(isinstance(value, float) and math.isnan(value) for value in document.values())

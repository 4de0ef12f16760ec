import dataclasses
from io import StringIO
from pathlib import Path

import numpy as np
import pytest

from ray_configs.errors import UserError
from rollouts.dataset.inspection import inspect_run, sparkline
from rollouts.dataset.schema import FILES
from rollouts.dataset.writer import write_run
from tests.episodes import make_episode


def test_a_run_is_shown_with_all_that_it_holds(tmp_path: Path) -> None:
    output = StringIO()
    episode = make_episode()
    episode = dataclasses.replace(episode, scenario=dataclasses.replace(episode.scenario, name="a:train:7 [b]"))
    inspect_run(write_run(episode, tmp_path), output, width=160)
    text = output.getvalue()
    for name in FILES:
        assert name in text
    for word in (
        "a:train:7 [b]",
        "bad_config/steady/severe",
        "random (rate=0.5",
        "restart:cart",
        "a replica still starts",
        "cpu-1",
    ):
        assert word in text
    assert "slo_violation" in text and "-1.500" in text
    assert "not_injected" in text and "spans, logs, k8s_events, coroot_findings" in text


def test_a_data_set_given_for_a_run_is_named(tmp_path: Path) -> None:
    write_run(make_episode(), tmp_path)
    with pytest.raises(UserError, match="is a data set; give one of the run_<id> directories"):
        inspect_run(tmp_path, StringIO())


def test_a_sparkline_spans_its_range_and_marks_what_is_missing() -> None:
    assert sparkline(np.array([0.0, 1.0, np.nan, 0.5]), 0.0, 1.0) == "▁█·▄"
    assert sparkline(np.array([3.0, 3.0]), 3.0, 3.0) == "▁▁"
    assert len(sparkline(np.arange(1000.0), 0.0, 999.0, width=30)) == 30
    assert sparkline(np.array([]), 0.0, 1.0) == ""

"""The yield of a generator: marked rejects, and the table and file that the command leaves."""

import json
from pathlib import Path

import pytest

from clusters.scenario import Split
from envs.time_scales import TimeScales
from ray_configs.errors import UserError
from rollouts.impact import impact_command
from rollouts.impact_arguments import ImpactArguments
from rollouts.jobs import ScenarioDraw

FILL = """
dataset: unused
policies: [{name: do_nothing}]
scenarios: [{split: train, count: 12, seed: 7, menu: full}]
"""


def test_a_checked_draw_marks_each_scenario_and_keeps_the_rejects() -> None:
    draw = ScenarioDraw(split=Split.TRAIN, count=16, seed=7, menu="full", check_impact=True)
    marked = draw.draw("small-core", TimeScales())
    plain = ScenarioDraw(split=Split.TRAIN, count=16, seed=7, menu="full").draw("small-core", TimeScales())
    assert [scenario.name for scenario in marked] == [scenario.name for scenario in plain]
    assert {scenario.is_felt for scenario in plain} == {None}
    assert {scenario.is_felt for scenario in marked} == {True, False}
    calm = [scenario for scenario in marked if not scenario.faults]
    assert calm
    assert not any(scenario.is_felt for scenario in calm)


def test_the_command_writes_every_scenario_and_prints_the_yield(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "fill.yaml"
    config.write_text(FILL)
    out = tmp_path / "deep" / "impact.json"
    assert impact_command(ImpactArguments(source=config, out=out)) == 0
    impacts = json.loads(out.read_text())["impacts"]
    assert len(impacts) == 12
    num_felt = sum(impact["is_effective"] for impact in impacts)
    assert f"{num_felt / 12:.0%}" in capsys.readouterr().out.splitlines()[-3 if num_felt else -2]


def test_an_unknown_menu_is_named_with_the_known_ones(tmp_path: Path) -> None:
    config = tmp_path / "fill.yaml"
    config.write_text(FILL.replace("full", "ful"))
    with pytest.raises(UserError, match=r"no menu 'ful'.*core, full"):
        impact_command(ImpactArguments(source=config))


def test_a_file_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    config = tmp_path / "fill.yaml"
    config.write_text(FILL.replace("count: 12", "count: 1"))
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot write"):
        impact_command(ImpactArguments(source=config, out=tmp_path / "file" / "impact.json"))


def test_a_fill_of_live_stands_is_measured_by_what_it_recorded(tmp_path: Path) -> None:
    config = tmp_path / "fill.yaml"
    config.write_text(FILL + "backend: k3s\ninventory: stands.yaml\n")
    with pytest.raises(UserError, match=r"cannot be played twice.*rollouts impact unused"):
        impact_command(ImpactArguments(source=config))


def test_a_folder_without_runs_yields_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert impact_command(ImpactArguments(source=tmp_path)) == 0
    assert "0" in capsys.readouterr().out

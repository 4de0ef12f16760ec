"""One small evaluation, looked at from all sides."""

import json
import math
import re
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from clusters.scenario import Split
from ray_configs.errors import UserError
from ray_configs.loading import load, parse
from rollouts.episode import PolicySpec
from rollouts.evaluation.branching import BranchingSettings
from rollouts.evaluation.closed_loop import NamedPolicy
from rollouts.evaluation.config import ClosedLoopConfig, EvaluateConfig, RankerSpec, TrackingConfig
from rollouts.evaluation.evaluate import evaluate
from rollouts.evaluation.recommendation import readable
from rollouts.evaluation.report import report_document
from rollouts.evaluation.statistics import Estimate
from rollouts.evaluation.terminal import best_rows, claim, print_report

CONFIG = EvaluateConfig(
    split=Split.VALIDATION,
    num_scenarios=4,
    branching=BranchingSettings(replicates=4, horizon_steps=10),
    rankers=(
        RankerSpec(
            name="coin", entry_point="rollouts.evaluation.rankers:RandomRanker", ablations=("masked", "shuffled")
        ),
        RankerSpec(name="timid", entry_point="rollouts.evaluation.rankers:DoNothingFirst"),
        RankerSpec(
            name="oracle",
            entry_point="rollouts.evaluation.rankers:Oracle",
            parameters={"replicates": 2},
            reference=True,
        ),
    ),
    closed_loop=ClosedLoopConfig(
        num_scenarios=2,
        policies=(
            NamedPolicy(name="do_nothing", policy=PolicySpec(name="do_nothing")),
            NamedPolicy(name="threshold", policy=PolicySpec(name="threshold")),
        ),
    ),
    num_resamples=200,
    tracking=TrackingConfig(experiment=""),
)


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    return tmp_path_factory.mktemp("evaluation")


@pytest.fixture(scope="module")
def report(out):
    return evaluate(CONFIG, out)


def test_the_oracle_is_nearly_perfect_and_the_timid_always_holds_back(report):
    oracle = report.method("oracle").figures
    assert oracle["pairwise_accuracy"].value > 0.9
    assert oracle["regret_mean"].value < 0.05
    assert oracle["recovery_accuracy"].value > 0.6
    timid = report.method("timid").figures
    assert timid["harmful_choice"].value == 0
    assert timid["recovery_accuracy"].n == 0
    assert report.method("coin").figures["pairwise_accuracy"].value < oracle["pairwise_accuracy"].value


def test_json_has_one_object_per_method_with_value_interval_and_count(report, out):
    document = json.loads((out / "report.json").read_text())
    assert document == json.loads(json.dumps(report_document(report)))
    assert [method["name"] for method in document["methods"]] == [
        "coin",
        "coin (masked)",
        "coin (shuffled)",
        "timid",
        "oracle",
    ]
    figures = [figure for method in document["methods"] for figure in method["figures"].values()]
    figures += [figure for method in document["methods"] for figure in method["subject_gain"].values()]
    figures += [figure for result in document["closed_loop"] for figure in result["figures"].values()]
    figures += list(document["noise_ceiling"].values())
    for figure in figures:
        assert set(figure) == {"value", "low", "high", "n"}
        if figure["n"]:
            assert figure["low"] - 1e-9 <= figure["value"] <= figure["high"] + 1e-9
        else:
            assert figure["value"] is None
    assert document["config"]["branching"]["replicates"] == 4
    assert len(document["scenarios"]) == 4
    assert all(set(note["best"]) <= set(note["candidates"]) for note in document["scenarios"])
    assert document["methods"][0]["subject_gain"] == {}
    groups = document["methods"][0]["groups"]
    assert set(groups) == {"fault", "workload", "intensity", "duration", "families"}
    assert sum(figures["top1"]["n"] for figures in groups["fault"].values()) == 4


def test_page_shows_every_candidate_and_method_and_loads_nothing(report, out):
    page = (out / "report.html").read_text()
    text = re.sub(r"<[^>]+>", "", page)
    for name in report.incident.branched.names:
        assert readable(name) in text
    assert page.count('<article class="panel future') == 5
    assert page.count("Recommended") == 1
    for method in report.methods:
        assert (method.ablation or method.name) in text
    assert "takes none" in text and "A person decides" in text
    assert not re.search(r"<script|<link|(?:src|href)=\"http|@import|url\(http", page)
    assert "nan" not in text.lower().split()


def test_terminal_fits_eighty_characters_and_marks_no_yardstick(report):
    console = Console(width=80, record=True)
    print_report(report, console)
    lines = console.export_text().splitlines()
    assert any(line.strip().startswith("noise ceiling") for line in lines)
    assert not any("…" in line for line in lines)


def test_claim_names_the_loser_and_the_winner_alike(report):
    sentence = claim(report)
    assert "coin orders" in sentence and "timid" in sentence and "oracle" not in sentence


def test_best_is_marked_among_competitors_and_not_where_all_are_equal():
    def row(value):
        return {"figure": Estimate(value=value, low=value, high=value, n=1)}

    rows = [row(0.5), row(0.7), row(0.9)]
    assert best_rows(rows, [True, True, False], {"figure": True}) == {"figure": {1}}
    assert best_rows(rows, [True, True, True], {"figure": False}) == {"figure": {0}}
    assert best_rows([row(0.5), row(0.5)], [True, True], {"figure": True}) == {"figure": set()}
    assert best_rows([row(math.nan), row(0.5)], [True, True], {"figure": True}) == {"figure": set()}


def test_bad_configs_are_named(tmp_path):
    with pytest.raises(UserError, match="twice"):
        parse({"rankers": [{"name": "a", "entry_point": "x:y"}] * 2}, EvaluateConfig, source="test")
    with pytest.raises(UserError, match="unknown key"):
        parse({"rankers": [{"name": "a", "entry_point": "x:y"}], "replicates": 3}, EvaluateConfig, source="test")
    with pytest.raises(UserError, match="subject"):
        parse({"rankers": [{"name": "a", "entry_point": "x:y"}], "subject": "b"}, EvaluateConfig, source="test")
    broken = replace(CONFIG, rankers=(RankerSpec(name="a", entry_point="rollouts.evaluation.rankers:Nobody"),))
    with pytest.raises(UserError, match="Nobody"):
        evaluate(broken, tmp_path)
    lost = NamedPolicy(name="lost", policy=PolicySpec(name="threshhold"))
    with pytest.raises(UserError, match="threshhold"):
        evaluate(replace(CONFIG, closed_loop=ClosedLoopConfig(policies=(lost,))), tmp_path)
    with pytest.raises(UserError, match="no-scenario"):
        evaluate(replace(CONFIG, incident="no-scenario"), tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="--out"):
        evaluate(CONFIG, tmp_path / "file")


@pytest.mark.parametrize("name", ["evaluate.yaml", "evaluate-quick.yaml"])
def test_the_shipped_configs_are_valid(name):
    config = load(Path("ray_configs/runs") / name, EvaluateConfig)
    assert config.split is Split.TEST
    assert config.subject_name == "action_conditioned"

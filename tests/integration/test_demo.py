"""The main job from end to end, in its quick form."""

import json
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from learners.demo import demo
from rollouts.dataset.validation import validate


@pytest.mark.slow
@pytest.mark.usefixtures("ray_cluster")
def test_quick_demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    text = StringIO()
    out = tmp_path / "demo"
    demo(out, quick=True, console=Console(file=text, width=100))
    assert "96 of 96 episodes committed" in text.getvalue()
    assert validate(out / "dataset") == []
    document = json.loads((out / "report" / "report.json").read_text())
    methods = {method["name"]: method["figures"] for method in document["methods"]}
    assert methods["masked_twin"]["pairwise_accuracy"]["value"] == 0.5
    assert methods["oracle"]["pairwise_accuracy"]["value"] > 0.9
    for figures in methods.values():
        assert set(figures["pairwise_accuracy"]) == {"value", "low", "high", "n"}
    assert {result["name"] for result in document["closed_loop"]} == {
        "do_nothing",
        "random",
        "threshold",
        "hpa",
        "action_conditioned",
    }
    page = (out / "report" / "report.html").read_text()
    for candidate in ("scale checkout +2", "restart cart", "rate limit 75%", "checkoutCartClient"):
        assert candidate in page

"""An evaluation in MLflow, as `learners compare` and `mlflow ui` show it."""

from clusters.scenario import Split
from rollouts.episode import PolicySpec
from rollouts.evaluation.branching import BranchingSettings
from rollouts.evaluation.closed_loop import NamedPolicy
from rollouts.evaluation.config import ClosedLoopConfig, EvaluateConfig, RankerSpec, TrackingConfig
from rollouts.evaluation.evaluate import evaluate
from rollouts.tracking import open_tracking


def test_figures_reach_mlflow_one_run_per_method(tmp_path):
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    config = EvaluateConfig(
        split=Split.VALIDATION,
        num_scenarios=2,
        branching=BranchingSettings(replicates=2),
        rankers=(
            RankerSpec(name="coin", entry_point="rollouts.evaluation.rankers:RandomRanker", ablations=("masked",)),
            RankerSpec(name="timid", entry_point="rollouts.evaluation.rankers:DoNothingFirst"),
        ),
        closed_loop=ClosedLoopConfig(
            num_scenarios=1, policies=(NamedPolicy(name="idle", policy=PolicySpec(name="do_nothing")),)
        ),
        num_resamples=50,
        tracking=TrackingConfig(experiment="judged", uri=uri),
    )
    report = evaluate(config, tmp_path / "report")
    client = open_tracking(uri)
    experiment = client.get_experiment_by_name("judged")
    assert experiment is not None
    by_name = {run.data.tags["mlflow.runName"]: run for run in client.search_runs([experiment.experiment_id])}
    assert set(by_name) == {
        "evaluation",
        "ranking: coin",
        "ranking: coin (masked)",
        "ranking: timid",
        "closed_loop: idle",
    }
    figure = report.method("timid").figures["pairwise_accuracy"]
    metrics = by_name["ranking: timid"].data.metrics
    assert (metrics["pairwise_accuracy"], metrics["pairwise_accuracy_low"]) == (figure.value, figure.low)
    assert "recovery_accuracy" not in metrics
    files = {file.path for file in client.list_artifacts(by_name["evaluation"].info.run_id)}
    assert {"report.json", "report.html"} <= files

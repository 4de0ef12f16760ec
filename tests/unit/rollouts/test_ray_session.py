import os
import subprocess
import sys
from pathlib import Path

from rollouts.ray_session import PROJECT_ROOT


def test_a_cluster_that_does_not_answer_is_a_sentence_and_code_two(tmp_path: Path) -> None:
    """In a process of its own, because one that has a session already joins that."""
    config = tmp_path / "fill.yaml"
    config.write_text("{dataset: x, scenarios: [{split: train, count: 1}], policies: [{name: random}]}")
    done = subprocess.run(
        [sys.executable, "-m", "rollouts", "collect", str(config), "--out", str(tmp_path / "dataset")],
        env=os.environ | {"RAY_ADDRESS": "127.0.0.1:9"},
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "no Ray cluster answers at RAY_ADDRESS=127.0.0.1:9" in done.stderr
    assert "Traceback" not in done.stderr

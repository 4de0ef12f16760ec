"""The comparison of runs: what it lists, in which order, and that it fits its width."""

from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from learners.compare import print_runs, runs_of
from ray_configs.errors import UserError
from rollouts.tracking import tracked_run


@pytest.fixture(scope="module")
def uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    uri = f"sqlite:///{tmp_path_factory.mktemp('tracking')}/mlflow.db"
    with tracked_run("fits", "sweep", {"space": "wide"}, uri=uri) as parent:
        for number in range(7):
            parameters = {"learning_rate": 0.1 * number, "width": 64, "backbone.some_part.num_members_of_it": number}
            with tracked_run("fits", f"trial-[{number}]", parameters, uri=uri, parent_run_id=parent.run_id) as run:
                run.log({"loss": 9.0}, step=0)
                run.log({"loss": 0.5 + number, "best_loss": 0.25 + number, "validation_error": 1 / 3}, step=1)
    yield uri


def printed(uri: str, width: int) -> str:
    out = StringIO()
    print_runs(runs_of("fits", uri), "fits", Console(file=out, width=width, markup=False))
    return out.getvalue()


def row(text: str, name: str) -> list[str]:
    """Cells of the first row with this name."""
    line = next(line for line in text.splitlines() if line.startswith(f"│ {name} "))
    return [cell.strip() for cell in line.strip("│").split("│")[1:]]


def test_runs_stand_side_by_side_newest_first_with_what_differs(uri: str) -> None:
    text = printed(uri, 400)
    assert row(text, "best_loss") == ["6.25", "5.25", "4.25", "3.25", "2.25", "1.25", "0.25", ""]
    assert row(text, "learning_rate")[0] == "0.6"
    assert row(text, "validation_error")[:7] == 7 * ["0.3333"]
    assert row(text, "beneath") == [*7 * ["sweep"], ""]
    names = {line.split("│")[1].strip() for line in text.splitlines() if line.startswith("│")}
    # The same in all trials; of the sweep alone; the end of a curve whose best is shown.
    assert not names & {"width", "space", "loss"}
    assert "trial-[6]" in text


@pytest.mark.parametrize("width", [80, 100])
def test_a_narrow_console_shows_every_run_in_tables_that_fit(uri: str, width: int) -> None:
    text = printed(uri, width)
    assert max(map(len, text.splitlines())) <= width
    assert all(f"trial-[{number}]" in text for number in range(7))
    assert "validation_error" in text
    assert "…" not in text
    # Names are not broken for the sake of long values.
    assert "backbone.some_part.num_members_of" in text


def test_an_unknown_experiment_is_a_sentence_with_the_known_ones(uri: str) -> None:
    with pytest.raises(UserError, match=r"no experiment 'fit'.*it has fits"):
        runs_of("fit", uri)


def test_an_empty_database_says_what_to_do_first(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="none yet: train"):
        runs_of("fits", f"sqlite:///{tmp_path}/mlflow.db")

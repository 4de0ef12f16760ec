import json
from pathlib import Path

import pytest
import yaml

from clusters.commands import SetFlag
from clusters.documents import to_document
from clusters.incident.arguments import SimulateArguments
from clusters.incident.inputs import find_scenario, operator_events
from clusters.incident.simulate import simulate_command
from clusters.scenario import Scenario
from ray_configs.errors import UserError
from tests.unit.clusters.incident.test_playing import broken_at

NAMES = "tests.unit.clusters.incident.test_inputs:known"


def known(name: str) -> Scenario:
    if name != "broken":
        raise UserError(f"there is no scenario {name!r}; give broken")
    return broken_at(60.0)


@pytest.mark.parametrize(("suffix", "write"), [("yaml", yaml.safe_dump), ("json", json.dumps)])
def test_a_scenario_comes_from_a_file(tmp_path: Path, suffix: str, write) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / f"scenario.{suffix}"
    document = to_document(broken_at(60.0, end=100.0)) | {"split": "train"}
    path.write_text(write(document))
    assert find_scenario(str(path), NAMES) == broken_at(60.0, end=100.0)
    path.write_text(write(document | {"loud": True}))
    with pytest.raises(UserError, match=r"loud.*correct it in the file"):
        find_scenario(str(path), NAMES)


def test_a_scenario_comes_from_its_name() -> None:
    assert find_scenario("broken", NAMES) == broken_at(60.0)
    with pytest.raises(UserError, match="no scenario 'whole'"):
        find_scenario("whole", NAMES)


def test_commands_come_in_time_order() -> None:
    texts = (
        (90.0, '{"verb": "Restart", "service": "cart"}'),
        (30.0, '{"verb": "SetFlag", "flag": "f", "variant": "v"}'),
    )
    first, second = operator_events(texts, 10.0)
    assert first.command == SetFlag(flag="f", variant="v")
    assert second.seconds == 90.0


@pytest.mark.parametrize(
    ("seconds", "text", "complaint"),
    [
        (95.0, '{"verb": "Restart", "service": "cart"}', "multiple of the bucket"),
        (-10.0, '{"verb": "Restart", "service": "cart"}', "multiple of the bucket"),
        (90.0, '{"verb": "Restart"', "not valid JSON"),
        (90.0, '{"verb": "Reboot"}', "with one of: Scale, Restart"),
        (90.0, '{"verb": "ClearFault", "fault_id": "fault-0"}', "with one of"),
        (90.0, '{"verb": "Scale", "service": "cart", "replica": 2}', "replica"),
    ],
)
def test_what_is_no_operators_command_is_refused_in_one_sentence(seconds: float, text: str, complaint: str) -> None:
    with pytest.raises(UserError, match=complaint) as caught:
        operator_events(((seconds, text),), 10.0)
    assert "\n" not in str(caught.value)


def test_the_command_writes_the_page_and_says_how_to_play_it_again(tmp_path: Path) -> None:
    out = tmp_path / "incident.html"
    act = (90.0, '{"verb": "Restart", "service": "cart"}')
    simulate_command(SimulateArguments(scenario="broken", out=out, names=NAMES, seed=7, do=(act,)))
    assert "simulate broken --seed 7 --do 90 " in out.read_text()


def test_a_page_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="a folder that exists"):
        simulate_command(SimulateArguments(scenario="broken", out=tmp_path / "no" / "x.html", names=NAMES))

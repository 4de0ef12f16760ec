from dataclasses import dataclass
from pathlib import Path

import pytest
import tyro

from ray_configs.command_line import Command, run
from ray_configs.errors import UserError


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """What to do."""

    path: tyro.conf.Positional[Path]
    """Where."""


def succeed(arguments: Arguments) -> None:
    print(f"got {arguments.path}")


def violate(arguments: Arguments) -> int:
    return 1


def refuse(arguments: Arguments) -> int:
    raise UserError(f"{arguments.path} is torn; delete it")


def interrupt(arguments: Arguments) -> int:
    raise KeyboardInterrupt


COMMANDS = {
    name: Command(arguments=Arguments, entry_point=f"{__name__}:{name}", help=name)
    for name in ("succeed", "violate", "refuse", "interrupt")
}


@pytest.mark.parametrize(("name", "code"), [("succeed", 0), ("violate", 1), ("refuse", 2), ("interrupt", 130)])
def test_exit_codes(name: str, code: int) -> None:
    assert run("program", "about", COMMANDS, [name, "there"]) == code


def test_a_user_error_is_one_sentence_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    run("program", "about", COMMANDS, ["refuse", "there"])
    assert capsys.readouterr().err == "program: there is torn; delete it\n"


def test_wrong_arguments_exit_with_2() -> None:
    with pytest.raises(SystemExit) as stop:
        run("program", "about", COMMANDS, ["succeed", "--nothing"])
    assert stop.value.code == 2

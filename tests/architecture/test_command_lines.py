"""`--help` stays quick because nothing heavy is imported before the arguments are parsed."""

import subprocess
import sys

import pytest

HEAVY = ("ray", "torch", "mlflow", "pyarrow", "matplotlib", "pandas", "scipy", "gymnasium")


@pytest.mark.parametrize("package", ["clusters", "rollouts", "learners"])
def test_help_imports_nothing_heavy(package: str) -> None:
    code = f"import sys, {package}.__main__; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("package", ["clusters", "rollouts", "learners"])
def test_every_command_resolves_and_has_help(package: str) -> None:
    from importlib import import_module

    from ray_configs.loading import resolve

    for name, command in import_module(f"{package}.__main__").COMMANDS.items():
        assert callable(resolve(command.entry_point)), name
        assert command.help.endswith("."), name

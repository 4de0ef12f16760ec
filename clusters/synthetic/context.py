"""Lays out what the image is built from: `app/` (our modules, the packages they need, byte code only) and a Dockerfile.

`python -m clusters.synthetic.context FOLDER`; then `docker build FOLDER`, or any builder that copies `app/` to `/app`
and runs `python3 -m clusters.synthetic` there, on Python 3.11 for Linux.
"""

import argparse
import compileall
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

_OURS: Final = Path(__file__).parent
_PYTHON_VERSION: Final = "3.11"
_OUTSIDE: Final = ("context.py", "Dockerfile", "requirements.in")


def main() -> None:
    """Lay out the folder that the command line names; an existing one is replaced.

    Raises:
        SystemExit: this is not Python 3.11, whose byte code the image runs, or the packages cannot be installed.
    """
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where to; replaced if it is there")
    folder: Path = parser.parse_args().folder
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    if version != _PYTHON_VERSION:
        raise SystemExit(f"the image runs Python {_PYTHON_VERSION}, but this is {version}; use {_PYTHON_VERSION}")
    lay_out(folder)


def lay_out(folder: Path) -> None:
    """Write `folder/app` and `folder/Dockerfile`.

    Raises:
        SystemExit: the packages cannot be installed.
    """
    app = folder / "app"
    if app.exists():
        shutil.rmtree(app)
    app.mkdir(parents=True)
    install = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--only-binary", ":all:", "--no-deps"]
    install += ["--python-version", _PYTHON_VERSION, "--target", str(app), "-r", str(_OURS / "requirements.txt")]
    if subprocess.run(install, check=False).returncode:
        raise SystemExit("the packages of requirements.txt cannot be installed; see the lines above")
    ours = app / "clusters" / "synthetic"
    shutil.copytree(_OURS, ours, ignore=shutil.ignore_patterns("__pycache__", *_OUTSIDE))
    shutil.copy(_OURS.parent / "__init__.py", app / "clusters" / "__init__.py")
    shutil.copy(_OURS / "Dockerfile", folder / "Dockerfile")
    _leave_byte_code(app)


def _leave_byte_code(app: Path) -> None:
    # Pods start with nothing compiled and nowhere to keep it: compiling takes as much CPU as all the rest of a start.
    compileall.compile_dir(app, quiet=2, legacy=True, optimize=0, workers=0)
    for source in app.rglob("*.py"):
        if source.with_suffix(".pyc").exists():
            source.unlink()
    for cache in app.rglob("__pycache__"):
        shutil.rmtree(cache)


if __name__ == "__main__":
    main()

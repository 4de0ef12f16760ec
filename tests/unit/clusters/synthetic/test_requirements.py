from pathlib import Path

import clusters.synthetic

FOLDER = Path(clusters.synthetic.__file__).parent
ROOT = FOLDER.parents[1]


def pins(path: Path) -> set[str]:
    lines = (line.split(";")[0].strip() for line in path.read_text().splitlines() if not line.startswith("#"))
    return {line for line in lines if line}


def test_the_image_holds_the_versions_that_are_tested() -> None:
    assert pins(FOLDER / "requirements.txt") <= pins(ROOT / "constraints.txt")


def test_every_package_that_is_asked_for_is_pinned() -> None:
    names = {pin.split("==")[0] for pin in pins(FOLDER / "requirements.txt")}
    assert pins(FOLDER / "requirements.in") <= names

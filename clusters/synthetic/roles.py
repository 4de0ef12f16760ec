"""Which plan plays what."""

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from clusters.synthetic.plan import ServicePlan, read_plan

SERVICE_VARIABLE: Final = "GYM_SERVICE"
PLANS_VARIABLE: Final = "GYM_PLANS"
"""Folder of the plans, one `<service>.json` each."""
_PLANS_FOLDER: Final = "/etc/gym"


def _service() -> Callable[[ServicePlan], None]:
    from clusters.synthetic.service_role import run_service

    return run_service


def _load() -> Callable[[ServicePlan], None]:
    from clusters.synthetic.load_role import run_load_generator

    return run_load_generator


ROLES: Final[Mapping[str, Callable[[], Callable[[ServicePlan], None]]]] = {"load_generator": _load}
"""By kind of service; all others are `run_service`. Imported when needed: the two share hardly a package."""


def run(environment: Mapping[str, str] = os.environ) -> None:
    """Play the service that the environment names until SIGTERM.

    Raises:
        SystemExit: the environment names no service, or one without a plan.
    """
    name = environment.get(SERVICE_VARIABLE, "")
    path = Path(environment.get(PLANS_VARIABLE, _PLANS_FOLDER)) / f"{name}.json"
    if not name or not path.is_file():
        raise SystemExit(f"{SERVICE_VARIABLE} is {name!r}, but there is no plan {path}")
    plan = read_plan(json.loads(path.read_text()))
    ROLES.get(plan.kind, _service)()(plan)

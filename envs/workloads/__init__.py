"""How many users come when, and what they ask for. One profile per file.

To add a profile: write `envs/workloads/<profile>.py` with a class that fulfils `envs.workloads.workload.Workload`, and
add one line to WORKLOADS. A recording is none of them: a menu names its own (`envs.scenarios.menus`).
"""

from envs.workloads.burst import Burst
from envs.workloads.closed_loop import ClosedLoop
from envs.workloads.diurnal import Diurnal
from envs.workloads.emphasised_mix import (
    CHECKOUT_FACTORS,
    CHECKOUT_JOURNEYS,
    WRITE_FACTORS,
    WRITING_JOURNEYS,
    EmphasisedMix,
)
from envs.workloads.steady import Steady
from envs.workloads.workload import Workload
from ray_configs.errors import UserError

WORKLOADS: dict[str, Workload] = {
    "steady": Steady(),
    "diurnal": Diurnal(),
    "burst": Burst(),
    "checkout_heavy": EmphasisedMix(CHECKOUT_JOURNEYS, CHECKOUT_FACTORS),
    "read_heavy": EmphasisedMix(WRITING_JOURNEYS, WRITE_FACTORS),
    "closed_loop": ClosedLoop(Steady()),
    "closed_loop_burst": ClosedLoop(Burst()),
}
"""Every profile by its name."""


def workload(profile: str) -> Workload:
    """The profile called so.

    Raises:
        UserError: there is none such.
    """
    if profile not in WORKLOADS:
        raise UserError(f"there is no workload {profile!r}; choose one of {', '.join(WORKLOADS)}")
    return WORKLOADS[profile]

"""How many users come when. One profile per file.

To add a profile: write `envs/workloads/<profile>.py` with a class that fulfils `envs.workloads.workload.Workload`, and
add one line to WORKLOADS.
"""

from envs.workloads.burst import Burst
from envs.workloads.diurnal import Diurnal
from envs.workloads.steady import Steady
from envs.workloads.workload import Workload
from ray_configs.errors import UserError

WORKLOADS: dict[str, Workload] = {
    "steady": Steady(),
    "diurnal": Diurnal(),
    "burst": Burst(),
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

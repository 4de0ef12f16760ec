"""What scenarios break. One kind of fault per file.

To add a kind: write `envs/faults/<kind>.py` with a class that fulfils `envs.faults.fault.FaultFamily`, and add one
line to FAULTS. Its families appear in every split by themselves (`envs.scenarios.splits`).
"""

from envs.faults.bad_config import BadConfig
from envs.faults.cpu_pressure import CpuPressure
from envs.faults.fault import FaultFamily
from envs.faults.network_delay import NetworkDelay
from envs.faults.pod_kill_loop import PodKillLoop
from envs.faults.traffic_spike import TrafficSpike
from ray_configs.errors import UserError

FAULTS: dict[str, FaultFamily] = {
    "traffic_spike": TrafficSpike(),
    "cpu_pressure": CpuPressure(),
    "network_delay": NetworkDelay(),
    "pod_kill_loop": PodKillLoop(),
    "bad_config": BadConfig(),
}
"""Every kind of fault by its name."""


def fault_family(kind: str) -> FaultFamily:
    """The family called `kind`.

    Raises:
        UserError: there is none such.
    """
    if kind not in FAULTS:
        raise UserError(f"there is no fault {kind!r}; choose one of {', '.join(FAULTS)}")
    return FAULTS[kind]

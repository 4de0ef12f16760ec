"""What scenarios break. One kind of fault per file.

To add a kind: write `envs/faults/<kind>.py` with a class that fulfils `envs.faults.fault.FaultFamily`, and add one
line to FAULTS. Its families appear in every split of the full menu by themselves (`envs.scenarios.menus`). New lines
go to the end: a kind's place decides which of its families are held out.
"""

from clusters.topology import ServiceKind
from envs.faults.bad_config import BadConfig, is_any, is_demo_flag, is_version
from envs.faults.cpu_pressure import CpuPressure
from envs.faults.dependency_slowdown import DependencySlowdown
from envs.faults.fault import FaultFamily
from envs.faults.memory_leak import MemoryLeak
from envs.faults.memory_pressure import MemoryPressure
from envs.faults.metastable_overload import MetastableOverload
from envs.faults.network_delay import NetworkDelay
from envs.faults.outage import Outage
from envs.faults.packet_loss import PacketLoss
from envs.faults.partition import Partition
from envs.faults.pod_kill import PodKill
from envs.faults.release_rollout import ReleaseKind, ReleaseRollout
from envs.faults.restart_loop import RestartLoop
from envs.faults.traffic_spike import TrafficSpike
from envs.faults.wrong_port import WrongPort
from ray_configs.errors import UserError

FAULTS: dict[str, FaultFamily] = {
    "traffic_spike": TrafficSpike(),
    "cpu_pressure": CpuPressure(),
    "network_delay": NetworkDelay(),
    "restart_loop": RestartLoop(),
    "bad_config": BadConfig("bad_config", is_any),
    "bad_version": BadConfig("bad_version", is_version),
    "demo_flag": BadConfig("demo_flag", is_demo_flag),
    "memory_pressure": MemoryPressure(),
    "memory_leak": MemoryLeak(),
    "packet_loss": PacketLoss(),
    "partition": Partition(),
    "pod_kill": PodKill(),
    "cache_outage": Outage("cache_outage", ServiceKind.CACHE),
    "database_outage": Outage("database_outage", ServiceKind.DATABASE),
    "queue_outage": Outage("queue_outage", ServiceKind.QUEUE),
    "dependency_slowdown": DependencySlowdown(),
    "wrong_port": WrongPort(),
    "metastable_overload": MetastableOverload(),
    **{kind.value: ReleaseRollout(kind) for kind in ReleaseKind},
}
"""Every kind of fault by its name. `bad_config` is `bad_version` and `demo_flag` in one, for menus with few faults."""


def fault_family(kind: str) -> FaultFamily:
    """The family called `kind`.

    Raises:
        UserError: there is none such.
    """
    if kind not in FAULTS:
        raise UserError(f"there is no fault {kind!r}; choose one of {', '.join(FAULTS)}")
    return FAULTS[kind]

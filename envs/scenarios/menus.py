"""Which faults and workloads scenarios are drawn from.

`core` is small on purpose: a data set of a few thousand episodes shows each of its families often enough to learn
from. `full` holds everything. To add a menu: a `ScenarioMenu`, and a line in MENUS if its scenarios are to be found
by their names.
"""

from dataclasses import dataclass, replace
from functools import lru_cache

from envs.faults import FAULTS, fault_family
from envs.scenarios.timing import SHORT, USUAL, ScenarioTiming
from envs.workloads import WORKLOADS, workload
from envs.workloads.recorded import Recorded
from envs.workloads.workload import Workload
from ray_configs.errors import UserError


@dataclass(frozen=True, kw_only=True)
class Recording:
    """A recorded workload: the name that families have of it, and its CSV (`envs.workloads.recorded`)."""

    name: str
    path: str


@dataclass(frozen=True, kw_only=True)
class ScenarioMenu:
    """What scenarios are drawn from.

    Raises:
        UserError: there is no such fault or workload, none at all, or a name that cannot be part of a scenario's.
    """

    name: str
    """Part of the names of its scenarios."""
    faults: tuple[str, ...]
    """Of `envs.faults.FAULTS`; those that an application cannot have are left out when it is drawn for."""
    workloads: tuple[str, ...]
    """Of `envs.workloads.WORKLOADS`."""
    recordings: tuple[Recording, ...] = ()
    """Recorded workloads, drawn beside the others."""
    has_all_actions: bool = False
    """Whether candidates are of every type, or of those that the core menu compares."""
    timing: ScenarioTiming = USUAL

    def __post_init__(self) -> None:
        for fault in self.faults:
            fault_family(fault)
        for profile in self.workloads:
            workload(profile)
        names = [recording.name for recording in self.recordings]
        for name in (self.name, *names):
            if not name or set(name) & set("/: "):
                raise UserError(f"{name!r} cannot name a part of a menu; use letters, digits and dashes")
        if set(names) & set(WORKLOADS):
            raise UserError(f"a recording is called like a workload ({', '.join(names)}); give it another name")
        if not self.faults or not self.profiles:
            raise UserError(f"the menu {self.name!r} is empty; name at least one fault and one workload")

    def __hash__(self) -> int:
        """By the name alone: what is kept by menu is looked up at every draw."""
        return hash(self.name)

    @property
    def profiles(self) -> tuple[str, ...]:
        """Names of the workloads, recordings among them."""
        return (*self.workloads, *(recording.name for recording in self.recordings))

    def workload(self, profile: str) -> Workload:
        """The workload of that name.

        Raises:
            UserError: there is none such, or its recording cannot be read.
        """
        for recording in self.recordings:
            if recording.name == profile:
                return _recorded(recording)
        return workload(profile)


@lru_cache(maxsize=64)
def _recorded(recording: Recording) -> Recorded:
    return Recorded(recording.path)


CORE = ScenarioMenu(
    name="core",
    faults=("traffic_spike", "cpu_pressure", "network_delay", "restart_loop", "bad_config"),
    workloads=("steady", "diurnal", "burst"),
)
"""What the demo learns from."""
FULL = ScenarioMenu(
    name="full",
    faults=tuple(fault for fault in FAULTS if fault != "bad_config"),
    workloads=tuple(WORKLOADS),
    has_all_actions=True,
)
"""Every fault and workload; flags are told apart into `bad_version` and `demo_flag`."""
BRIEF = replace(CORE, name="brief", timing=SHORT)
"""The core menu for live stands, whose time is the wall's."""
MENUS: dict[str, ScenarioMenu] = {menu.name: menu for menu in (CORE, FULL, BRIEF)}
"""Every menu by its name."""


def scenario_menu(name: str) -> ScenarioMenu:
    """The menu called `name`.

    Raises:
        UserError: there is none such.
    """
    if name not in MENUS:
        raise UserError(f"there is no menu {name!r}; choose one of {', '.join(MENUS)}")
    return MENUS[name]

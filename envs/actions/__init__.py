"""What an operator may do. One family of actions per file, enumerated from the application.

To add a family: write `envs/actions/<name>.py` with a class that fulfils `envs.actions.action.ActionFamily`, add its
type to `ActionType` (before `MASKED`), and add one line to FAMILIES. If it is not always allowed, write a compiled
function beside the class that says when, and give it a branch in `envs/actions/masks.py`.
"""

from pathlib import Path

from clusters.compiled import forget_stale_code
from envs.actions.action import ActionFamily, ActionType
from envs.actions.do_nothing import DoNothing
from envs.actions.escalate import Escalate
from envs.actions.rate_limit import RateLimit
from envs.actions.restart import RestartOnePod, RestartService
from envs.actions.roll_back import RollBack
from envs.actions.scale import ScaleService
from envs.actions.set_autoscaler import Autoscale
from envs.actions.set_resources import ChangeLimit, ChangeRequest
from envs.actions.shape_workload import Shape
from envs.actions.shift_traffic import ShiftRelease
from envs.actions.switch_group import SwitchGroup

forget_stale_code(Path(__file__).parent)

FAMILIES: dict[ActionType, ActionFamily] = {
    ActionType.DO_NOTHING: DoNothing(),
    ActionType.ESCALATE: Escalate(),
    ActionType.SCALE: ScaleService(),
    ActionType.RESTART: RestartService(),
    ActionType.ROLL_BACK: RollBack(),
    ActionType.SET_CPU_LIMIT: ChangeLimit(ActionType.SET_CPU_LIMIT, "cpu"),
    ActionType.RATE_LIMIT: RateLimit(),
    ActionType.RESTART_POD: RestartOnePod(),
    ActionType.SET_CPU_REQUEST: ChangeRequest(ActionType.SET_CPU_REQUEST, "cpu", only_where_declared=False),
    ActionType.SET_MEMORY_LIMIT: ChangeLimit(ActionType.SET_MEMORY_LIMIT, "memory"),
    # Nothing but the scheduler reads a memory request, so it is offered only where it is told apart from the limit.
    ActionType.SET_MEMORY_REQUEST: ChangeRequest(ActionType.SET_MEMORY_REQUEST, "memory", only_where_declared=True),
    ActionType.SET_AUTOSCALER: Autoscale(),
    ActionType.SWITCH_GROUP: SwitchGroup(),
    ActionType.SHIFT_TRAFFIC: ShiftRelease(),
    ActionType.SHAPE_WORKLOAD: Shape(),
}
"""Every family by its type; the order is the catalogue's."""

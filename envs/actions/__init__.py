"""What an operator may do. One family of actions per file, enumerated from the application.

To add a family: write `envs/actions/<name>.py` with a class that fulfils `envs.actions.action.ActionFamily`, add its
type to `ActionType` (before `MASKED`), and add one line to FAMILIES.
"""

from envs.actions.action import ActionFamily, ActionType
from envs.actions.do_nothing import DoNothing
from envs.actions.escalate import Escalate
from envs.actions.rate_limit import RateLimit
from envs.actions.restart import RestartService
from envs.actions.roll_back import RollBack
from envs.actions.scale import ScaleService
from envs.actions.set_cpu_limit import ChangeCpuLimit

FAMILIES: dict[ActionType, ActionFamily] = {
    ActionType.DO_NOTHING: DoNothing(),
    ActionType.ESCALATE: Escalate(),
    ActionType.SCALE: ScaleService(),
    ActionType.RESTART: RestartService(),
    ActionType.ROLL_BACK: RollBack(),
    ActionType.SET_CPU_LIMIT: ChangeCpuLimit(),
    ActionType.RATE_LIMIT: RateLimit(),
}
"""Every family by its type; the order is the catalogue's."""

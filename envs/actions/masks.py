"""Which actions are allowed, of all families in one: each alone costs more to be called than what it computes.

Legend: N stands, A actions.
"""

import numpy as np
from numpy.typing import NDArray

from clusters.compiled import compiled
from envs.actions.action import ACTION_TYPES, ActionType, Controls, MaskTable
from envs.actions.rate_limit import changes_rate_limit
from envs.actions.restart import has_replicas
from envs.actions.scale import may_scale
from envs.actions.set_autoscaler import changes_autoscaler
from envs.actions.set_resources import may_change_limit, may_change_request
from envs.actions.shape_workload import changes_shares
from envs.actions.shift_traffic import may_shift
from envs.actions.switch_group import would_switch

_SCALE, _RESTART, _RESTART_POD = map(ACTION_TYPES.index, (ActionType.SCALE, ActionType.RESTART, ActionType.RESTART_POD))
_CPU_LIMIT, _CPU_REQUEST = map(ACTION_TYPES.index, (ActionType.SET_CPU_LIMIT, ActionType.SET_CPU_REQUEST))
_MEMORY_LIMIT, _MEMORY_REQUEST = map(ACTION_TYPES.index, (ActionType.SET_MEMORY_LIMIT, ActionType.SET_MEMORY_REQUEST))
_RATE_LIMIT, _SHAPE = map(ACTION_TYPES.index, (ActionType.RATE_LIMIT, ActionType.SHAPE_WORKLOAD))
_AUTOSCALER, _GROUP, _TRAFFIC = map(
    ACTION_TYPES.index, (ActionType.SET_AUTOSCALER, ActionType.SWITCH_GROUP, ActionType.SHIFT_TRAFFIC)
)


@compiled
def fill_allowed(table: MaskTable, controls: Controls, is_stale: NDArray[np.bool_], allowed: NDArray[np.bool_]) -> None:
    """Write whether each action is allowed now into `allowed` [N, A], where it is stale [N]: it no longer is.

    An action of another type always is allowed.
    """
    for n in range(allowed.shape[0]):
        if not is_stale[n]:
            continue
        is_stale[n] = False
        for a in range(allowed.shape[1]):
            type_ = table.types[a]
            is_allowed = True
            if type_ == _SCALE:
                is_allowed = may_scale(table, controls, n, a)
            elif type_ in (_RESTART, _RESTART_POD):
                is_allowed = has_replicas(table, controls, n, a)
            elif type_ == _CPU_LIMIT:
                is_allowed = may_change_limit(table, controls.cpu_limits_millicores, n, a)
            elif type_ == _MEMORY_LIMIT:
                is_allowed = may_change_limit(table, controls.memory_limits_bytes, n, a)
            elif type_ == _CPU_REQUEST:
                limits, requests = controls.cpu_limits_millicores, controls.cpu_requests_millicores
                is_allowed = may_change_request(table, limits, requests, n, a)
            elif type_ == _MEMORY_REQUEST:
                limits, requests = controls.memory_limits_bytes, controls.memory_requests_bytes
                is_allowed = may_change_request(table, limits, requests, n, a)
            elif type_ == _RATE_LIMIT:
                is_allowed = changes_rate_limit(table, controls, n, a)
            elif type_ == _AUTOSCALER:
                is_allowed = changes_autoscaler(table, controls, n, a)
            elif type_ == _GROUP:
                is_allowed = would_switch(table, controls, n, a)
            elif type_ == _TRAFFIC:
                is_allowed = may_shift(table, controls, n, a)
            elif type_ == _SHAPE:
                is_allowed = changes_shares(table, controls, n, a)
            allowed[n, a] = is_allowed

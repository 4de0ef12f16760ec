"""Rules of the verbs on the load: what users send, and what the entry admits of it."""

import math

from clusters.command_checks.refusal import Refusal
from clusters.commands import ScaleWorkload, SetRateLimit, ShapeWorkload
from clusters.simulated.kernels.effects import SAME
from clusters.simulated.rules.rule import Column, Rule, settled


def _accept(column: Column, command: object) -> Refusal | None:
    return None


def _wanted_rate(command: SetRateLimit) -> float:
    return math.nan if command.limit_rps is None else command.limit_rps


def _has_rate(column: Column, command: SetRateLimit) -> bool:
    present, wanted = float(column.state.rate_limit_rps[column.stand]), _wanted_rate(command)
    return math.isclose(present, wanted, rel_tol=1e-6) or (math.isnan(present) and math.isnan(wanted))


def _set_rate(column: Column, command: SetRateLimit) -> None:
    column.state.rate_limit_rps[column.stand] = _wanted_rate(command)


def _shaped_rows(column: Column, command: ShapeWorkload) -> slice:
    if not command.request_type:
        return slice(None)
    names = [request.name for request in column.graph.application.request_types]
    position = names.index(command.request_type)
    return slice(position, position + 1)


def _is_shaped(column: Column, command: ShapeWorkload) -> bool:
    shares = column.state.shape[_shaped_rows(column, command), column.stand].tolist()
    return all(math.isclose(share, command.factor, rel_tol=1e-6) for share in shares)


def _shape(column: Column, command: ShapeWorkload) -> None:
    column.state.shape[_shaped_rows(column, command), column.stand] = command.factor


def _has_workload(column: Column, command: ScaleWorkload) -> bool:
    return math.isclose(column.state.multiplier[column.stand], command.multiplier, rel_tol=SAME)


def _scale_workload(column: Column, command: ScaleWorkload) -> None:
    column.state.multiplier[column.stand] = command.multiplier


SET_RATE_LIMIT = Rule[SetRateLimit](
    refusal=_accept, is_there=_has_rate, carry_out=_set_rate, postcheck=settled(_has_rate)
)
SHAPE_WORKLOAD = Rule[ShapeWorkload](
    refusal=_accept, is_there=_is_shaped, carry_out=_shape, postcheck=settled(_is_shaped)
)
SCALE_WORKLOAD = Rule[ScaleWorkload](
    refusal=_accept, is_there=_has_workload, carry_out=_scale_workload, postcheck=settled(_has_workload)
)

"""Rules of the verbs on the load: what users send, and what the entry admits of it."""

import math

from clusters.commands import ScaleWorkload, SetRateLimit, ShapeWorkload
from clusters.k3s.rules.rule import LiveRule, accept, settled
from clusters.k3s.rules.view import StandView


def _has_rate(view: StandView, command: SetRateLimit) -> bool:
    present = view.context.load.state().rate_limit_rps
    if present is None or command.limit_rps is None:
        return present == command.limit_rps
    return math.isclose(present, command.limit_rps, rel_tol=1e-6)


def _set_rate(view: StandView, command: SetRateLimit) -> str:
    view.context.load.set_rate_limit(command.limit_rps)
    return ""


def _is_shaped(view: StandView, command: ShapeWorkload) -> bool:
    shape = view.context.load.state().shape
    names = [request.name for request in view.application.request_types]
    concerned = [command.request_type] if command.request_type else names
    return all(math.isclose(shape.get(name, 1.0), command.factor, rel_tol=1e-6) for name in concerned)


def _shape(view: StandView, command: ShapeWorkload) -> str:
    view.context.load.shape(command.request_type, command.factor)
    return ""


def _has_workload(view: StandView, command: ScaleWorkload) -> bool:
    return math.isclose(view.context.load.state().multiplier, command.multiplier, rel_tol=1e-6)


def _scale_workload(view: StandView, command: ScaleWorkload) -> str:
    view.context.load.set_multiplier(command.multiplier)
    return ""


SET_RATE_LIMIT = LiveRule[SetRateLimit](
    refusal=accept, is_there=_has_rate, carry_out=_set_rate, postcheck=settled(_has_rate)
)
SHAPE_WORKLOAD = LiveRule[ShapeWorkload](
    refusal=accept, is_there=_is_shaped, carry_out=_shape, postcheck=settled(_is_shaped)
)
SCALE_WORKLOAD = LiveRule[ScaleWorkload](
    refusal=accept, is_there=_has_workload, carry_out=_scale_workload, postcheck=settled(_has_workload)
)

"""Give the replicas of a service more or less CPU or memory: to use at most (limit), or to keep for them (request)."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from clusters.commands import OperatorCommand, SetResources
from clusters.compiled import inlined
from clusters.topology import Application, Service
from envs.actions.action import Action, ActionType, Controls, MaskTable

FACTORS = (2.0, 0.5)
MIN_SHARE_OF_DEFAULT = 0.25
MAX_SHARE_OF_DEFAULT = 4.0

_UNITS: Final = {"cpu": "millicores", "memory": "bytes"}
_ROUNDING = 1.0 + 1e-9
Floats = NDArray[np.float64]


class ChangeLimit:
    """Relative to the limit set so far, within a quarter and four times the application's own.

    A request that equals its limit stays equal to it, so that what is used can still be paid for; any other request
    is only lowered where the new limit is below it.
    """

    is_relative = True

    def __init__(self, type_: ActionType, resource: str) -> None:
        self.type = type_
        self._limit = f"{resource}_limit_{_UNITS[resource]}"
        self._request = f"{resource}_request_{_UNITS[resource]}"
        self._limits, self._requests = _controls_fields(resource)

    def enumerate(self, application: Application) -> Sequence[Action]:
        """Each factor for each scalable service; the level is log2 of the factor."""
        return _enumerate(self.type, [service for service in application.services if service.is_scalable])

    def command(
        self, action: Action, application: Application, controls: Controls, stand: int
    ) -> OperatorCommand | None:
        """The absolute limit per replica, and the request where it changes too."""
        position, factor = application.service_names.index(action.target), 2.0**action.level
        limit = float(getattr(controls, self._limits)[stand, position])
        request = float(getattr(controls, self._requests)[stand, position])
        wanted = request * factor if request == limit else min(request, limit * factor)
        values = {self._limit: limit * factor} | ({} if wanted == request else {self._request: wanted})
        return SetResources(service=action.target, **values)


class ChangeRequest:
    """Relative to the request set so far, within a quarter and four times the application's own, up to the limit."""

    is_relative = True

    def __init__(self, type_: ActionType, resource: str, *, only_where_declared: bool) -> None:
        self.type = type_
        self._request = f"{resource}_request_{_UNITS[resource]}"
        self._limits, self._requests = _controls_fields(resource)
        self._only_where_declared = only_where_declared

    def enumerate(self, application: Application) -> Sequence[Action]:
        """Each factor for each scalable service (that declares a request, if asked so); the level is its log2."""
        services = [service for service in application.services if service.is_scalable]
        if self._only_where_declared:
            services = [service for service in services if getattr(service, self._request) is not None]
        return _enumerate(self.type, services)

    def command(
        self, action: Action, application: Application, controls: Controls, stand: int
    ) -> OperatorCommand | None:
        """The absolute request per replica."""
        position = application.service_names.index(action.target)
        request = float(getattr(controls, self._requests)[stand, position])
        values = {self._request: request * 2.0**action.level}
        return SetResources(service=action.target, **values)


def _controls_fields(resource: str) -> tuple[str, str]:
    """Names of the limits and the requests in the controls."""
    return f"{resource}_limits_{_UNITS[resource]}", f"{resource}_requests_{_UNITS[resource]}"


def _enumerate(type_: ActionType, services: Sequence[Service]) -> list[Action]:
    return [
        Action(
            name=f"{type_}:{service.name}:x{factor:g}",
            type=type_,
            target=service.name,
            level=float(np.log2(factor)),
        )
        for service in services
        for factor in FACTORS
    ]


@inlined
def _is_within_bounds(share: float) -> bool:
    """Of the default."""
    return share >= MIN_SHARE_OF_DEFAULT / _ROUNDING and share <= MAX_SHARE_OF_DEFAULT * _ROUNDING


@inlined
def may_change_limit(table: MaskTable, limits: Floats, n: int, a: int) -> bool:
    """Whether the new limit is within bounds."""
    return _is_within_bounds(limits[n, table.services[a]] / table.defaults[a] * table.factors[a])


@inlined
def may_change_request(table: MaskTable, limits: Floats, requests: Floats, n: int, a: int) -> bool:
    """Whether the new request is within bounds and no more than the limit."""
    s = table.services[a]
    fits = table.factors[a] <= limits[n, s] / requests[n, s] * _ROUNDING
    return fits and _is_within_bounds(requests[n, s] / table.defaults[a] * table.factors[a])

"""Policies: whatever chooses an action at each control step, all behind `rollouts.policies.policy.Policy`.

To add one: a class in a file of its own here, built as `Class(context, *, parameter=default, ...)`, and one line in
`POLICIES`; the conformance suite then runs over it. A policy from elsewhere needs no line: its spec names an entry
point `package.module:Class`.
"""

import inspect
from collections.abc import Mapping
from typing import Any

from ray_configs.errors import UserError
from ray_configs.loading import resolve
from rollouts.episode import PolicySpec
from rollouts.policies.policy import Policy, PolicyContext

POLICIES: Mapping[str, str] = {
    "do_nothing": "rollouts.policies.do_nothing:DoNothing",
    "random": "rollouts.policies.random_actions:RandomActions",
    "threshold": "rollouts.policies.threshold:ThresholdRules",
    "hpa": "rollouts.policies.hpa:HorizontalPodAutoscaler",
}
"""Name -> entry point."""


def build_policy(spec: PolicySpec, context: PolicyContext) -> Policy:
    """The policy that a spec describes, for one stand.

    Raises:
        UserError: the name is unknown (the message lists the known ones), or a parameter is unknown or out of range.
    """
    builder = resolve(_entry_point(spec.name))
    _check_parameters(spec, builder)
    policy: Policy = builder(context, **spec.parameters)
    return policy


def _entry_point(name: str) -> str:
    if ":" in name:
        return name
    if name not in POLICIES:
        known = ", ".join(POLICIES)
        raise UserError(f"there is no policy {name!r}: use one of {known}, or an entry point package.module:Class")
    return POLICIES[name]


def _check_parameters(spec: PolicySpec, builder: Any) -> None:
    parameters = inspect.signature(builder).parameters.values()
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        return
    known = [parameter.name for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY]
    for name in spec.parameters:
        if name not in known:
            raise UserError(
                f"policy {spec.name!r} has no parameter {name!r}: remove it or use one of {', '.join(known) or 'none'}"
            )

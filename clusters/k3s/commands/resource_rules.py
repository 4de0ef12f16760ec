"""Rule of the verb on requests and limits."""

import json

from clusters.command_checks.quotas import limits_refusal
from clusters.command_checks.refusal import Refusal
from clusters.command_checks.values import wanted_resources
from clusters.commands import SetResources
from clusters.k3s.kinds import Document
from clusters.k3s.marks import RESOURCES
from clusters.k3s.ownership import container_path, foreign_manager
from clusters.k3s.rules.deployments import container_of, roll_out
from clusters.k3s.rules.quotas import is_same, namespace_refusal, pod_resources, present_resources
from clusters.k3s.rules.rollouts import rollout_outcome
from clusters.k3s.rules.rule import UNDONE, LiveRule, Outcome, foreign_refusal
from clusters.k3s.rules.view import StandView


def _refuse(view: StandView, command: SetResources) -> Refusal | None:
    service, present = command.service, present_resources(view, command.service)
    after = present | wanted_resources(command)
    replicas = view.wanted_replicas(service)
    return (
        limits_refusal(view.service(service), after)
        or namespace_refusal(
            view,
            added_millicores=replicas * (after["cpu_limit_millicores"] - present["cpu_limit_millicores"]),
            added_bytes=replicas * (after["memory_limit_bytes"] - present["memory_limit_bytes"]),
        )
        or foreign_refusal(
            foreign_manager(view.deployment(service), *container_path(service, "f:resources")),
            f"the resources of {service}",
        )
    )


def _is_set(view: StandView, command: SetResources) -> bool:
    present = present_resources(view, command.service)
    return all(is_same(present[name], value) for name, value in wanted_resources(command).items())


def _set(view: StandView, command: SetResources) -> str:
    service, wanted = command.service, wanted_resources(command)
    after = present_resources(view, service) | wanted
    document = pod_resources(view, service, after)

    def put(template: Document) -> None:
        container_of(template, service)["resources"] = document

    cause = "resources " + ", ".join(f"{name}={value:g}" for name, value in wanted.items())
    roll_out(view.api, view.namespace, service, put, cause=cause, annotations={RESOURCES: json.dumps(after)})
    return ""


def _check(view: StandView, command: SetResources) -> Outcome:
    return rollout_outcome(view, command.service) if _is_set(view, command) else UNDONE


SET_RESOURCES = LiveRule[SetResources](refusal=_refuse, is_there=_is_set, carry_out=_set, postcheck=_check)

"""Rule of the verb on configuration flags: served by the flag server, or a version of the owner's configuration."""

import copy

from clusters.command_checks.refusal import Refusal
from clusters.commands import SetFlag
from clusters.k3s.commands.images import demo_refusal
from clusters.k3s.flag_values import read_variants, write_variants
from clusters.k3s.kinds import Document
from clusters.k3s.objects.names import flag_variable
from clusters.k3s.ownership import container_path, foreign_manager
from clusters.k3s.rules.deployments import container_of, environment_of, roll_out, set_environment
from clusters.k3s.rules.rollouts import rollout_outcome, same_template_revision
from clusters.k3s.rules.rule import PASSED, UNDONE, LiveRule, Outcome, foreign_refusal
from clusters.k3s.rules.view import StandView
from clusters.kubernetes_part import FlagDelivery


def _refuse(view: StandView, command: SetFlag) -> Refusal | None:
    flag = view.application.flag(command.flag)
    if flag.delivery is FlagDelivery.FLAGD:
        return None
    if refusal := demo_refusal(view, f"read the flag {flag.name} from their environment"):
        return refusal
    path = container_path(flag.service, "f:env", f'k:{{"name":"{flag_variable(flag.name)}"}}', "f:value")
    return foreign_refusal(foreign_manager(view.deployment(flag.service), *path), f"the flag {flag.name}")


def _has_variant(view: StandView, command: SetFlag) -> bool:
    flag = view.application.flag(command.flag)
    if flag.delivery is FlagDelivery.FLAGD:
        return read_variants(view.api, view.application, view.namespace).get(flag.name) == command.variant
    container = container_of(view.deployment(flag.service)["spec"]["template"], flag.service)
    return environment_of(container).get(flag_variable(flag.name)) == command.variant


def _set(view: StandView, command: SetFlag) -> str:
    """A variant that an earlier revision had is a way back to that revision, with its ReplicaSet."""
    flag = view.application.flag(command.flag)
    if flag.delivery is FlagDelivery.FLAGD:
        write_variants(view.api, view.application, view.namespace, {flag.name: command.variant})
        return ""

    def put(template: Document) -> None:
        set_environment(container_of(template, flag.service), flag_variable(flag.name), command.variant)

    present = view.deployment(flag.service)
    template = copy.deepcopy(present["spec"]["template"])
    put(template)
    revision = same_template_revision(view, present, template)
    roll_out(view.api, view.namespace, flag.service, put, cause=f"flag {flag.name}={command.variant}")
    return f"rolled back to the template of revision {revision}" if revision else "rolled out as a new revision"


def _check(view: StandView, command: SetFlag) -> Outcome:
    if not _has_variant(view, command):
        return UNDONE
    flag = view.application.flag(command.flag)
    return PASSED if flag.delivery is FlagDelivery.FLAGD else rollout_outcome(view, flag.service)


SET_FLAG = LiveRule[SetFlag](refusal=_refuse, is_there=_has_variant, carry_out=_set, postcheck=_check)

"""Rule of the verb that shifts traffic between two versions of a service."""

import math
import time
from typing import Final

from clusters.command_checks.refusal import Refusal, conflicting, rejected, without_image
from clusters.commands import CheckStatus, CommandStatus, ShiftTraffic
from clusters.k3s.commands.canary import canary_document, put_release, reached_share, replicas_for
from clusters.k3s.commands.images import demo_refusal
from clusters.k3s.kinds import DEPLOYMENT, Document
from clusters.k3s.marks import CANARY_SUFFIX, SHARE
from clusters.k3s.objects.names import RELEASE_VARIABLE
from clusters.k3s.rules.deployments import annotations_of, container_of, environment_of, roll_out, set_environment
from clusters.k3s.rules.quotas import added_replicas_refusal
from clusters.k3s.rules.rollouts import image_message, is_rolled_out, rollout_outcome, undo
from clusters.k3s.rules.rule import PASSED, PENDING, UNDONE, LiveRule, NotDoneError, Outcome
from clusters.k3s.rules.view import StandView
from clusters.topology import Release

_IMAGE_SECONDS: Final = 8.0
"""For the first new pod to find its image; a pull that takes longer is judged by `verify`."""
_POLL_SECONDS: Final = 0.3


def _refuse(view: StandView, command: ShiftTraffic) -> Refusal | None:
    if refusal := demo_refusal(view, "play releases"):
        return refusal
    service, release = command.service, command.release
    if command.share == 0:
        return None
    if view.wanted_replicas(service) == 0:
        return rejected(f"{service} has no replicas; scale it up before it gets a release")
    canary = _canary_release(view, service)
    if canary not in ("", release):
        return conflicting(f"{canary} is the canary of {service}; take it back first")
    if _version(view, service) == release and command.share < 1:
        return rejected(f"{release} is the version of {service} already; take it back instead")
    if command.share < 1 and not canary:
        return added_replicas_refusal(view, {service: 1})
    return None


def _is_shifted(view: StandView, command: ShiftTraffic) -> bool:
    is_version = _version(view, command.service) == command.release
    is_canary = _canary_release(view, command.service) == command.release
    if command.share == 1:
        return is_version
    if command.share == 0:
        return not (is_version or is_canary)
    return is_canary and math.isclose(_canary_share(view, command.service), command.share, rel_tol=1e-6)


def _shift(view: StandView, command: ShiftTraffic) -> str:
    if 0 < command.share < 1:
        return _bring_canary(view, command)
    release, service = view.application.release(command.release), command.service
    if command.share == 1:
        _promote(view, release)
    elif _version(view, service) == command.release:
        _take_back(view, release)
    if _canary_release(view, service) == command.release:
        _remove_canary(view, service)
    return ""


def _bring_canary(view: StandView, command: ShiftTraffic) -> str:
    """As many pods beside the version's as come nearest to the share and fit; the message says what that reaches."""
    service, version = view.service(command.service), view.wanted_replicas(command.service)
    there = 0 if (present := view.canary(service.name)) is None else int(present["spec"]["replicas"])
    count = replicas_for(command.share, version, service.max_replicas)
    while count > max(1, there) and added_replicas_refusal(view, {service.name: count - there}):
        count -= 1
    release = view.application.release(command.release)
    document = canary_document(view.deployment(service.name), release, replicas=count, share=command.share)
    view.api.apply(document, view.namespace, force=True)
    _require_image(view, release, service.name + CANARY_SUFFIX)
    share = reached_share(count, version)
    return f"{count} of {count + version} pods are the canary: a share of {share:.2f} for {command.share:g}"


def _promote(view: StandView, release: Release) -> None:
    def put(template: Document) -> None:
        put_release(template, release.service, release)

    roll_out(view.api, view.namespace, release.service, put, cause=f"release {release.name}")
    _require_image(view, release, release.service)


def _take_back(view: StandView, release: Release) -> None:
    def put(template: Document) -> None:
        set_environment(container_of(template, release.service), RELEASE_VARIABLE, "")

    roll_out(view.api, view.namespace, release.service, put, cause=f"release {release.name} taken back")


def _require_image(view: StandView, release: Release, name: str) -> None:
    """Wait until the first new pod has its image.

    Raises:
        NotDoneError: it cannot be pulled; what was brought out is taken back.
    """
    deadline = time.monotonic() + _IMAGE_SECONDS
    while time.monotonic() < deadline:
        view.forget()
        if is_rolled_out(view.deployments()[name]):
            return
        if message := image_message(view, view.deployments()[name]):
            _withdraw(view, name)
            refusal = without_image(release.name)
            raise NotDoneError(f"{refusal.message} ({message})", status=CommandStatus.IMAGE_MISSING)
        time.sleep(_POLL_SECONDS)


def _withdraw(view: StandView, name: str) -> None:
    """Take a rollout back: a canary as a whole, a version to the revision before."""
    if name.endswith(CANARY_SUFFIX):
        _remove_canary(view, name.removesuffix(CANARY_SUFFIX))
    else:
        undo(view, view.deployments()[name])


def _remove_canary(view: StandView, service: str) -> None:
    view.api.delete(DEPLOYMENT, service + CANARY_SUFFIX, view.namespace)
    view.forget()


def _check(view: StandView, command: ShiftTraffic) -> Outcome:
    if not _is_shifted(view, command):
        return UNDONE
    is_canary = 0 < command.share < 1
    outcome = rollout_outcome(view, command.service + (CANARY_SUFFIX if is_canary else ""))
    if is_canary and outcome.check is CheckStatus.FAILED:
        _remove_canary(view, command.service)
    is_leaving = not is_canary and bool(view.pods_of(command.service + CANARY_SUFFIX))
    return PENDING if outcome is PASSED and is_leaving else outcome


def _version(view: StandView, service: str) -> str:
    """The release that a service's Deployment brings out; empty: the version that the YAML describes."""
    return _release_of(view.deployment(service), service)


def _canary_release(view: StandView, service: str) -> str:
    canary = view.canary(service)
    return "" if canary is None else _release_of(canary, service)


def _release_of(deployment: Document, service: str) -> str:
    return environment_of(container_of(deployment["spec"]["template"], service)).get(RELEASE_VARIABLE, "")


def _canary_share(view: StandView, service: str) -> float:
    canary = view.canary(service)
    return 0.0 if canary is None else float(annotations_of(canary).get(SHARE, 0.0))


SHIFT_TRAFFIC = LiveRule[ShiftTraffic](refusal=_refuse, is_there=_is_shifted, carry_out=_shift, postcheck=_check)

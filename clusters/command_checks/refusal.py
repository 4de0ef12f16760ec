"""Why a command is not carried out."""

from dataclasses import dataclass

from clusters.commands import CommandStatus


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Why a command cannot be done, with the fix in its message."""

    status: CommandStatus
    message: str


def rejected(message: str) -> Refusal:
    """A thing that does not exist, or a value that is impossible."""
    return Refusal(status=CommandStatus.REJECTED, message=message)


def over_quota(message: str) -> Refusal:
    """More than the namespace's quota or the service's bounds allow."""
    return Refusal(status=CommandStatus.QUOTA_EXCEEDED, message=message)


def conflicting(message: str) -> Refusal:
    """Another owner holds what the command would set."""
    return Refusal(status=CommandStatus.CONFLICT, message=message)


def owned_by_autoscaler(service: str) -> Refusal:
    """An autoscaler sets the replica count that the command would set."""
    return conflicting(f"an autoscaler owns the replicas of {service}; change or remove it instead")


def off_with_group(service: str, group: str, *, fix: str) -> Refusal:
    """The service is switched off with an optional group of services."""
    return conflicting(f"{service} is off with its group {group!r}; {fix}")


def without_replicas(service: str) -> Refusal:
    """There is nothing to restart."""
    return rejected(f"{service} has no replicas to restart; scale it up instead")


def without_image(release: str) -> Refusal:
    """A release whose replicas cannot start."""
    return Refusal(
        status=CommandStatus.IMAGE_MISSING,
        message=f"the image of {release} cannot be pulled: its replicas do not start, the old ones serve "
        "on; push the image or choose another release",
    )

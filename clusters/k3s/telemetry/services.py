"""Which service an object belongs to, by its name."""

from clusters.topology import Application


def service_of(application: Application, name: str) -> str:
    """The longest service name that `name` is or begins with, as those of pods and replica sets do; empty: none."""
    owners = [service for service in application.service_names if name == service or name.startswith(f"{service}-")]
    return max(owners, key=len, default="")

"""What only the synthetic image understands."""

from clusters.command_checks.refusal import Refusal, rejected
from clusters.k3s.inventory import ImageKind
from clusters.k3s.rules.view import StandView


def demo_refusal(view: StandView, what: str) -> Refusal | None:
    """Why a stand of the demo's own images cannot do this; None if the images are ours."""
    if view.context.cluster.images.kind is ImageKind.SYNTHETIC:
        return None
    return rejected(f"the demo's own images cannot {what}; use a cluster with synthetic images")

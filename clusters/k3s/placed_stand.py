"""A stand in our hand: a namespace held under a lease, and the connection that acts in it."""

from clusters.k3s.api import KubeApi, KubeError
from clusters.k3s.inventory import ClusterSpec
from clusters.k3s.kinds import DEPLOYMENT, NAMESPACE
from clusters.k3s.lease import HeldLease
from clusters.k3s.roster import QUARANTINED


class PlacedStand:
    """What `place` gives: where the stand is, and the right to act in it until it is given back or lost."""

    def __init__(self, cluster: ClusterSpec, lease: HeldLease, api: KubeApi, admin: KubeApi) -> None:
        self.cluster = cluster
        self.namespace = lease.name
        self.api = api
        """By the stand's own account: it can do nothing in any other namespace."""
        self._lease, self._admin, self._is_over = lease, admin, False

    @property
    def lost(self) -> bool:
        """Whether somebody else may act on the stand by now, because the lease could not be renewed in time."""
        return self._lease.is_lost

    def release(self) -> None:
        """Give the stand back; the next holder of the same application may have it, as warm as it is.

        Idempotent, and nothing if the stand is lost. If the cluster does not answer, the lease expires by itself.
        """
        if self._end():
            try:
                self._lease.release()
            except KubeError:
                return

    def quarantine(self, reason: str) -> None:
        """Give the stand back for nobody to use again: it is marked with the reason, its pods end, and `gc` removes it.

        Idempotent, and nothing if the stand is lost.

        Raises:
            KubeError: the cluster refuses or does not answer; the lease then expires by itself, and the stand may be
                handed out again.
        """
        if not self._end():
            return
        mark = {QUARANTINED: reason}
        self._lease.release(annotations=mark)
        self._admin.patch(NAMESPACE, self.namespace, "", {"metadata": {"annotations": mark}})
        for deployment in self._admin.list(DEPLOYMENT, self.namespace):
            self._admin.patch(DEPLOYMENT, deployment["metadata"]["name"], self.namespace, {"spec": {"replicas": 0}})

    def _end(self) -> bool:
        """Whether this is the first time, and the stand is still ours."""
        if self._is_over or self.lost:
            self._lease.stop_renewing()
            return False
        self._is_over = True
        return True

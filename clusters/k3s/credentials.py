"""Short-lived tokens of a stand's own account, renewed before they expire, and never used beyond the stand's lease."""

import threading
import time
from collections.abc import Callable

from clusters.k3s.api import KubeApi, KubeError
from clusters.k3s.isolation import STAND_ACCOUNT, account_document
from clusters.k3s.kinds import SERVICE_ACCOUNT

_TOKEN_SECONDS = 600
"""The shortest life that the API server grants."""
_RENEW_AFTER = 0.7
"""Share of a token's life after which the next one is asked for: three minutes remain to try."""


class StandToken:
    """The current token of a stand's account; call it for its text. Safe to share between threads.

    Args:
        admin: may ask for tokens.
        namespace: of the stand.
        is_over: whether the stand is somebody else's by now.
    """

    def __init__(self, admin: KubeApi, namespace: str, is_over: Callable[[], bool]) -> None:
        self._admin, self._namespace, self._is_over = admin, namespace, is_over
        self._lock, self._text, self._renew_at, self._expires_at = threading.Lock(), "", 0.0, 0.0

    def __call__(self) -> str:
        """A token that is still valid.

        Raises:
            KubeError: none could be had and the last one has expired, or the stand is not ours any more.
        """
        if self._is_over():
            raise KubeError(
                f"cluster {self._admin.cluster}: the lease on {self._namespace} is over, so nothing is sent to it any "
                "more; place a stand anew",
                status=0,
                reason="LeaseOver",
            )
        with self._lock:
            if time.monotonic() >= self._renew_at:
                try:
                    self._renew()
                except KubeError:
                    if time.monotonic() >= self._expires_at:
                        raise
            return self._text

    def _renew(self) -> None:
        asked = time.monotonic()
        request = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": {"expirationSeconds": _TOKEN_SECONDS},
        }
        answer = self._admin.create(
            request, self._namespace, kind=SERVICE_ACCOUNT, name=STAND_ACCOUNT, subresource="token"
        )
        granted = float(answer["spec"]["expirationSeconds"])
        self._text = answer["status"]["token"]
        self._renew_at, self._expires_at = asked + _RENEW_AFTER * granted, asked + granted


def renew_account(admin: KubeApi, namespace: str) -> None:
    """Make the account anew, so that tokens of whoever held the stand before are worth nothing.

    A token names the account's UID; the API server remembers a token that it has accepted for about ten seconds.
    """
    admin.delete(SERVICE_ACCOUNT, STAND_ACCOUNT, namespace)
    admin.create(account_document(namespace), namespace)

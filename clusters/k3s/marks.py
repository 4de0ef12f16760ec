"""Annotations and labels by which a stand's objects tell what was done to them: a change and its record are one write.

Those that every object of a stand has are in `clusters.k3s.objects.names`.
"""

from typing import Final

_PREFIX: Final = "otel-control-gym.io"
TRACK_LABEL: Final = f"{_PREFIX}/track"
"""Of a canary's pods, with the value `canary`."""
CANARY_SUFFIX: Final = "-canary"
SHARE: Final = f"{_PREFIX}/share"
"""Annotation of a canary's Deployment: the share of the traffic that was asked for."""
FAULT_LABEL: Final = f"{_PREFIX}/fault"
"""Of every chaos resource: a digest of its fault's id."""
OUTAGE: Final = f"{_PREFIX}/outage"
"""Annotation of a Deployment that faults hold at zero: the number of replicas that come back afterwards."""
BROKEN_PORTS: Final = f"{_PREFIX}/broken-ports"
"""Annotation of a Service: its ports as they were, in JSON."""
GROUP_OFF: Final = f"{_PREFIX}/group-off"
"""Annotation of a Deployment: the optional group that it was switched off with."""
RESOURCES: Final = f"{_PREFIX}/resources"
"""Annotation of a Deployment: requests and limits as they were asked for, in JSON. A small pod's requests are less."""
CHANGE_CAUSE: Final = "kubernetes.io/change-cause"
"""Annotation of a Deployment that `kubectl rollout history` shows for each revision."""
REVISION: Final = "deployment.kubernetes.io/revision"
"""Annotation of Deployments and ReplicaSets, set by their controller."""

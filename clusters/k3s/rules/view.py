"""One stand's objects as a rule sees them: each is asked for once, until `forget`."""

from clusters.k3s.context import StandContext
from clusters.k3s.kinds import AUTOSCALER, DEPLOYMENT, POD, Document
from clusters.k3s.marks import CANARY_SUFFIX, GROUP_OFF, OUTAGE, TRACK_LABEL
from clusters.k3s.objects.names import COMPONENT_LABEL
from clusters.k3s.pod_health import is_leaving, is_ready
from clusters.k3s.rules.deployments import annotations_of
from clusters.stand import StandError
from clusters.topology import Application, Service


class StandView:
    """Reads of one command."""

    def __init__(self, context: StandContext) -> None:
        self.context = context
        self.api = context.api
        self.namespace = context.namespace
        self._deployments: dict[str, Document] | None = None
        self._pods: dict[str, list[Document]] = {}

    @property
    def application(self) -> Application:
        """What runs on the stand."""
        return self.context.application

    def forget(self) -> None:
        """Ask again from now on: something was changed."""
        self._deployments = None
        self._pods = {}

    def service(self, name: str) -> Service:
        """A service that is known to exist."""
        return self.application.service(name)

    def deployments(self) -> dict[str, Document]:
        """All Deployments of the namespace, by name."""
        if self._deployments is None:
            listed = self.api.list(DEPLOYMENT, self.namespace)
            self._deployments = {document["metadata"]["name"]: document for document in listed}
        return self._deployments

    def deployment(self, service: str) -> Document:
        """A service's Deployment.

        Raises:
            StandError: it is not there, though the application has the service.
        """
        found = self.deployments().get(service)
        if found is None:
            raise StandError(f"stand {self.namespace} has no Deployment {service}; reset the stand")
        return found

    def canary(self, service: str) -> Document | None:
        """The Deployment of a service's canary."""
        return self.deployments().get(service + CANARY_SUFFIX)

    def pods(self, service: str) -> list[Document]:
        """A service's pods, the canary's among them, without those that are on their way out."""
        if service not in self._pods:
            listed = self.api.list(POD, self.namespace, label_selector=f"{COMPONENT_LABEL}={service}")
            self._pods[service] = [pod for pod in listed if not is_leaving(pod)]
        return self._pods[service]

    def pods_of(self, deployment: str) -> list[Document]:
        """The pods of one Deployment alone: a canary's, or those of the version beside it."""
        service = deployment.removesuffix(CANARY_SUFFIX)
        return [
            pod for pod in self.pods(service) if (TRACK_LABEL in pod["metadata"]["labels"]) == (service != deployment)
        ]

    def num_ready(self, service: str) -> int:
        """Pods of a service's Deployment, without a canary's, that take requests."""
        return sum(is_ready(pod) for pod in self.pods_of(service))

    def autoscaler(self, service: str) -> Document | None:
        """The HorizontalPodAutoscaler that owns a service's replicas, whatever it is called."""
        listed = self.api.list(AUTOSCALER, self.namespace)
        return next((document for document in listed if document["spec"]["scaleTargetRef"]["name"] == service), None)

    def wanted_replicas(self, service: str) -> int:
        """Replicas that operators want of a service: under an outage, those that come back after it."""
        deployment = self.deployment(service)
        return int(annotations_of(deployment).get(OUTAGE, deployment["spec"]["replicas"]))

    def is_held_down(self, service: str) -> bool:
        """Whether a fault keeps the service at zero replicas."""
        return OUTAGE in annotations_of(self.deployment(service))

    def group_of_disabled(self, service: str) -> str:
        """The group that the service is switched off with; empty if it is on."""
        return annotations_of(self.deployment(service)).get(GROUP_OFF, "")

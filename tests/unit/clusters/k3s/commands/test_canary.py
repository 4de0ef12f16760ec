"""How many pods make a share, and what tells a canary's Deployment from the version's."""

import pytest

from clusters.applications import load_application
from clusters.k3s.commands.canary import canary_document, reached_share, replicas_for
from clusters.k3s.inventory import ClusterSpec, ImageSpec, TelemetrySpec
from clusters.k3s.objects import stand_objects

APPLICATION = load_application("small-core")
CLUSTER = ClusterSpec(
    name="here",
    telemetry=TelemetrySpec(prometheus_url="http://prometheus", otlp_endpoint="http://gateway:4318"),
    images=ImageSpec(synthetic="registry:5000/synthetic:7"),
)


@pytest.mark.parametrize(
    ("share", "version", "most", "count"),
    [(0.5, 2, 6, 2), (0.25, 3, 6, 1), (0.1, 1, 6, 1), (0.9, 1, 6, 6), (0.9, 1, 20, 9), (0.7, 2, 1, 1)],
)
def test_the_nearest_share_that_fits(share: float, version: int, most: int, count: int) -> None:
    assert replicas_for(share, version, most) == count
    assert 0.0 < reached_share(count, version) < 1.0


@pytest.mark.parametrize(
    ("release", "image"),
    [("checkout-2.3.0", "registry:5000/synthetic:7"), ("payment-2.3.0", "registry:5000/synthetic:payment-2.3.0")],
)
def test_a_canary_is_behind_the_same_service_and_not_among_the_versions_pods(release: str, image: str) -> None:
    known = APPLICATION.release(release)
    objects = {
        (document["kind"], document["metadata"]["name"]): document
        for document in stand_objects(APPLICATION, namespace="gym-shop", cluster=CLUSTER)
    }
    version, service = objects["Deployment", known.service], objects["Service", known.service]
    canary = canary_document(version, known, replicas=2, share=0.5)
    labels = canary["spec"]["template"]["metadata"]["labels"].items()
    assert service["spec"]["selector"].items() <= labels
    assert canary["spec"]["selector"]["matchLabels"].items() <= labels
    version_labels = version["spec"]["template"]["metadata"]["labels"].items()
    assert not canary["spec"]["selector"]["matchLabels"].items() <= version_labels
    (container,) = canary["spec"]["template"]["spec"]["containers"]
    assert {"name": "GYM_RELEASE", "value": release} in container["env"]
    assert container["image"] == image
    assert canary["metadata"]["name"] == f"{known.service}-canary"

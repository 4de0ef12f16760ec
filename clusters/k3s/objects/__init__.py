"""Kubernetes objects of a stand, built from its application: the same YAML that the simulator plays.

Two kinds of images carry it: the demo's own, with names, ports, labels and environment of its chart, and the synthetic
one. Each component has a readiness probe and CPU limits, which the chart lacks.
"""

from clusters.k3s.inventory import ClusterSpec
from clusters.k3s.kinds import Document
from clusters.k3s.objects.config_maps import config_hash, config_map_object, config_maps
from clusters.k3s.objects.deployments import deployment
from clusters.k3s.objects.ports import service_object, service_ports
from clusters.topology import Application


def stand_objects(application: Application, *, namespace: str, cluster: ClusterSpec) -> tuple[Document, ...]:
    """ConfigMaps, Services and Deployments of a stand at its baseline, in the order in which they are best applied.

    Raises:
        StandError: the application cannot be played by the cluster's kind of images.
    """
    kind = cluster.images.kind
    maps = config_maps(application, kind)
    return (
        *(config_map_object(application, name, files, namespace) for name, files in maps.items()),
        *(
            service_object(application, service, namespace)
            for service in application.services
            if service_ports(service)
        ),
        *(
            deployment(
                application, service, namespace=namespace, cluster=cluster, config=config_hash(service, maps, kind)
            )
            for service in application.services
        ),
    )

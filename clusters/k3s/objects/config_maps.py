"""ConfigMaps of a stand: what its pods find as files."""

import hashlib
from collections.abc import Mapping

from clusters.applications.kubernetes_validation import FILES
from clusters.k3s.api import STAND_LABEL
from clusters.k3s.inventory import ImageKind
from clusters.k3s.kinds import Document
from clusters.k3s.objects.flag_files import flag_file
from clusters.k3s.objects.names import FLAG_CONFIG_MAP, FLAG_FILE, PLAN_CONFIG_MAP, object_labels
from clusters.k3s.objects.resources import pod_kind
from clusters.k3s.objects.synthetic_pods import plan_file, plan_files
from clusters.topology import Application, Service, ServiceKind


def config_maps(application: Application, kind: ImageKind) -> dict[str, dict[str, str]]:
    """Name of each ConfigMap -> its files."""
    found = {PLAN_CONFIG_MAP: plan_files(application, kind)}
    for service in application.services if kind is ImageKind.DEMO else ():
        for file in service.kubernetes.files if service.kubernetes is not None else ():
            found.setdefault(file.config_map, {})[file.source] = (FILES / file.source).read_text(encoding="utf-8")
        if service.kind is ServiceKind.FLAGS:
            found[FLAG_CONFIG_MAP] = {FLAG_FILE: flag_file(application)}
    return found


def config_map_object(application: Application, name: str, files: Mapping[str, str], namespace: str) -> Document:
    """The ConfigMap."""
    metadata = {"name": name, "namespace": namespace, "labels": object_labels(application, {STAND_LABEL: namespace})}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": dict(files)}


def config_hash(service: Service, maps: Mapping[str, Mapping[str, str]], kind: ImageKind) -> str:
    """Fingerprint of the files that a service's pods mount; pods read them once, so a change of one is a rollout."""
    if pod_kind(service, kind) is ImageKind.SYNTHETIC:
        texts = [maps[PLAN_CONFIG_MAP][plan_file(service)]]
    else:
        files = service.kubernetes.files if service.kubernetes is not None else ()
        texts = [maps[file.config_map][file.source] for file in files]
        texts += [maps[FLAG_CONFIG_MAP][FLAG_FILE]] if service.kind is ServiceKind.FLAGS else []
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]

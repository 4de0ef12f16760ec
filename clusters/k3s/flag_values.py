"""The variants that a stand's flag server serves, read and written in its file, as the demo's user interface does."""

from collections.abc import Mapping
from typing import Any

from clusters.k3s.api import KubeApi
from clusters.stand import StandError
from clusters.synthetic.plan import FLAG_FILE_PORT
from clusters.topology import Application, ServiceKind


def read_variants(api: KubeApi, application: Application, namespace: str) -> dict[str, str]:
    """Flag -> the variant that it has now, of every flag that the server knows; empty if there is no server.

    Raises:
        KubeError: the flag server does not answer.
        StandError: it answers with something else than flags.
    """
    server = flag_server(application)
    if not server:
        return {}
    flags = _read(api, server, namespace)["flags"]
    return {name: str(flag["defaultVariant"]) for name, flag in flags.items()}


def write_variants(api: KubeApi, application: Application, namespace: str, variants: Mapping[str, str]) -> None:
    """Set flags, and leave the others as they are. The file is replaced as a whole: one writer at a time.

    Raises:
        KubeError: the flag server does not answer, or refuses.
        StandError: it answers with something else than flags, or does not know one of these or its variant.
    """
    server = flag_server(application)
    document = _read(api, server, namespace)
    for name, variant in variants.items():
        if variant not in document["flags"].get(name, {}).get("variants", {}):
            raise StandError(
                f"{server} of stand {namespace} knows no flag {name!r} with a variant {variant!r}; reset it"
            )
        document["flags"][name]["defaultVariant"] = variant
    api.proxy("POST", namespace, server, FLAG_FILE_PORT, "/api/write", body={"data": document})


def flag_server(application: Application) -> str:
    """Name of the application's flag server; empty if it has none."""
    return next((service.name for service in application.services if service.kind is ServiceKind.FLAGS), "")


def _read(api: KubeApi, server: str, namespace: str) -> dict[str, Any]:
    document = api.proxy("GET", namespace, server, FLAG_FILE_PORT, "/api/read")
    if not isinstance(document, dict) or not isinstance(document.get("flags"), dict):
        raise StandError(f"{server} of stand {namespace} did not answer with its flags; restart it")
    return document

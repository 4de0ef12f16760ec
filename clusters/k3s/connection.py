"""A connection to a cluster: with the right of its kubeconfig, or with a bearer token alone."""

import os
import threading
from collections.abc import Callable
from pathlib import Path

import yaml
from kubernetes.client import ApiClient, Configuration
from kubernetes.client.rest import RESTClientObject
from kubernetes.config import ConfigException, list_kube_config_contexts, load_incluster_config, load_kube_config
from kubernetes.config.incluster_config import SERVICE_TOKEN_FILENAME
from urllib3 import Retry

from clusters.k3s.api import KubeApi, KubeError
from clusters.k3s.inventory import ClusterSpec
from ray_configs.errors import UserError

_CONNECTIONS = 64
"""Kept open per process and cluster: as many threads talk to it at once without a new handshake."""
_CONNECTION_KEYS = ("host", "ssl_ca_cert", "ca_cert_data", "verify_ssl", "tls_server_name", "proxy", "no_proxy")
"""Of a configuration: how to reach a cluster, without any credential."""
_pools: dict[tuple[object, ...], RESTClientObject] = {}
_pools_lock = threading.Lock()


def connect(spec: ClusterSpec) -> KubeApi:
    """The cluster with the right that its kubeconfig gives, asked once whether it answers.

    Raises:
        UserError: no kubeconfig, no such context, credentials that are refused, or a server that does not answer.
    """
    api = KubeApi(_client(_configuration(spec)), cluster=spec.name)
    try:
        api.raw("/version")
    except KubeError as error:
        raise UserError(str(error)) from error
    return api


def connect_with_token(spec: ClusterSpec, token: Callable[[], str]) -> KubeApi:
    """The cluster with what a bearer token allows and nothing else; `token` is asked before each request.

    Raises:
        UserError: no kubeconfig to read the server's address from, or no such context.
    """
    reachable, configuration = _configuration(spec), Configuration()
    for key in _CONNECTION_KEYS:
        setattr(configuration, key, getattr(reachable, key))
    _bound(configuration)

    def refresh(target: Configuration) -> None:
        target.api_key["BearerToken"] = f"Bearer {token()}"

    configuration.api_key["BearerToken"] = ""
    configuration.refresh_api_key_hook = refresh
    return KubeApi(_client(configuration), cluster=spec.name)


def kubeconfig_path(spec: ClusterSpec) -> str | None:
    """The file that tells how to reach the cluster (`$KUBECONFIG` may list several); None: the pod's own account.

    Raises:
        UserError: a variable in the path is not set, or there is no such file.
    """
    paths = os.path.expandvars(spec.kubeconfig or os.environ.get("KUBECONFIG") or "~/.kube/config")
    if "$" in paths:
        raise UserError(f"cluster {spec.name}: the kubeconfig {paths} names a variable that is not set; set it")
    files = [Path(path).expanduser() for path in paths.split(os.pathsep) if path]
    missing = [str(file) for file in files if not file.is_file()]
    if missing and not spec.kubeconfig and Path(SERVICE_TOKEN_FILENAME).exists():
        return None
    if missing:
        raise UserError(
            f"cluster {spec.name}: there is no kubeconfig {missing[0]}; copy the cluster's there "
            "(k3s has it in /etc/rancher/k3s/k3s.yaml), or correct the key kubeconfig"
        )
    return os.pathsep.join(map(str, files))


def _configuration(spec: ClusterSpec) -> Configuration:
    path, configuration = kubeconfig_path(spec), Configuration()
    try:
        if path is None:
            load_incluster_config(client_configuration=configuration)
        else:
            _check_context(spec, path)
            load_kube_config(path, spec.context or None, configuration, persist_config=False)
    except (ConfigException, yaml.YAMLError, OSError, TypeError, KeyError, ValueError) as error:
        where = f"the kubeconfig {path}" if path else "the account of this pod"
        raise UserError(
            f"cluster {spec.name}: {where} cannot be used: {' '.join(str(error).split())}; mend or replace it"
        ) from error
    _bound(configuration)
    return configuration


def _client(configuration: Configuration) -> ApiClient:
    """A client of its own with connections in common: a bearer token is of a request, only certificates are of these.

    So a process that holds a hundred stands has no hundred pools of connections.
    """
    client = ApiClient(configuration)
    key = tuple(getattr(configuration, name) for name in (*_CONNECTION_KEYS, "cert_file", "key_file"))
    with _pools_lock:
        client.rest_client = _pools.setdefault(key, client.rest_client)
    return client


def _bound(configuration: Configuration) -> None:
    """Few and safe repetitions: a GET, and what the server has asked to send again; everything else fails at once."""
    configuration.retries = Retry(
        total=3, connect=1, read=1, redirect=0, status=2, other=0, allowed_methods={"GET"}, backoff_factor=0.2
    )
    configuration.retries.raise_on_status = configuration.retries.raise_on_redirect = False
    configuration.connection_pool_maxsize = _CONNECTIONS


def _check_context(spec: ClusterSpec, path: str) -> None:
    contexts, current = list_kube_config_contexts(path)
    known = [context["name"] for context in contexts]
    if spec.context and spec.context not in known:
        raise UserError(
            f"cluster {spec.name}: {path} has no context {spec.context!r}; choose one of: {', '.join(known)}"
        )
    if not spec.context and not current:
        raise UserError(f"cluster {spec.name}: {path} has no current context; name one of: {', '.join(known)}")

"""Where the API server is and who we are: one answer for our client and for kopf.

In this order: a kubeconfig that was named (``--kubeconfig`` or ``KUBECONFIG``), the ServiceAccount of the
pod, ``~/.kube/config``.
"""

from __future__ import annotations

import os
import ssl
from pathlib import Path

from kubernetes import config as kubeconfig
from kubernetes.client import Configuration

_POOL = 32


class NoCredentials(Exception):
    """There is no way to reach a cluster; the message says what to set."""


def load(path: str | None = None, context: str | None = None) -> Configuration:
    """Read the connection and credentials of the cluster.

    Raises:
        NoCredentials: when none of the places has any, or the one that was named cannot be read.
    """
    found = Configuration()
    named = path or os.environ.get("KUBECONFIG")
    try:
        if named:
            kubeconfig.load_kube_config(named, context=context, client_configuration=found)
        else:
            _load_unnamed(found, context)
    except (kubeconfig.ConfigException, OSError) as error:
        where = f"the kubeconfig {named}" if named else "a ServiceAccount or ~/.kube/config"
        raise NoCredentials(
            f"no Kubernetes credentials in {where}: {error}. Run in a pod, or set KUBECONFIG or --kubeconfig."
        ) from error
    found.connection_pool_maxsize = _POOL
    found.retries = False
    return found


def _load_unnamed(found: Configuration, context: str | None) -> None:
    try:
        kubeconfig.load_incluster_config(client_configuration=found)
    except kubeconfig.ConfigException:
        kubeconfig.load_kube_config(context=context, client_configuration=found)


def ssl_context(found: Configuration) -> ssl.SSLContext:
    """The TLS settings of the configuration, for clients other than ``kubernetes``' own."""
    context = ssl.create_default_context(cafile=found.ssl_ca_cert)
    if found.cert_file:
        context.load_cert_chain(found.cert_file, found.key_file)
    if not found.verify_ssl:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def authorization(found: Configuration) -> str | None:
    """The value of the Authorization header, refreshed where that can be; None with certificates."""
    token: str | None = found.get_api_key_with_prefix("BearerToken", alias="authorization")
    return token


def pod_namespace(default: str) -> str:
    """The namespace that this pod runs in; *default* outside of a pod."""
    file = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
    try:
        return file.read_text(encoding="utf-8").strip() or default
    except OSError:
        return default

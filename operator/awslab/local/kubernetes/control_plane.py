"""How etcd, kube-apiserver and kube-controller-manager are run: alone on loopback, with tokens and RBAC."""

import secrets
from dataclasses import dataclass
from pathlib import Path

from awslab.local.kubernetes import kubeconfig
from awslab.local.kubernetes.client import Cluster
from awslab.local.kubernetes.pki import Keys, ensure_keys
from awslab.local.ports import LOOPBACK
from awslab.local.probe import answers
from awslab.local.processes import Component

# Those that matter without nodes; each of the others would only cost time and memory.
_CONTROLLERS = (
    "clusterrole-aggregation-controller",
    "garbage-collector-controller",
    "namespace-controller",
    "root-ca-certificate-publisher-controller",
    "serviceaccount-controller",
    "validatingadmissionpolicy-status-controller",
)
PORTS = ("etcd", "etcd-peer", "kube-apiserver")


@dataclass(frozen=True)
class ControlPlane:
    """One control plane; ports and paths of commands by name, `admin` is the administrator's kubeconfig."""

    folder: Path
    ports: dict[str, int]
    binaries: dict[str, str]
    admin: Path

    @property
    def server(self) -> str:
        """The API server's address."""
        return f"https://{LOOPBACK}:{self.ports['kube-apiserver']}"

    def prepare(self) -> None:
        """Make keys and tokens, and write the administrator's kubeconfig."""
        ensure_keys(self._keys.folder)
        tokens = {user: secrets.token_urlsafe(24) for user in ("admin", "controller-manager")}
        rows = (
            f'{tokens["admin"]},admin,admin,"system:masters"',
            f"{tokens['controller-manager']},system:kube-controller-manager,kube-controller-manager",
        )
        kubeconfig.write_private(self._tokens, "\n".join(rows) + "\n")
        cluster = kubeconfig.local_cluster(self.server, self._keys.authority)
        kubeconfig.write(self.admin, cluster, "admin", tokens["admin"])
        kubeconfig.write(self._manager_kubeconfig, cluster, "controller-manager", tokens["controller-manager"])

    def etcd(self) -> Component:
        """The store; it does not wait for the disk, because nothing here has to survive a power cut."""
        client, peer = (f"http://{LOOPBACK}:{self.ports[name]}" for name in ("etcd", "etcd-peer"))
        return Component(
            name="etcd",
            command=(
                self.binaries["etcd"],
                "--name=local",
                f"--data-dir={self.folder / 'etcd'}",
                f"--listen-client-urls={client}",
                f"--advertise-client-urls={client}",
                f"--listen-peer-urls={peer}",
                f"--initial-advertise-peer-urls={peer}",
                f"--initial-cluster=local={peer}",
                "--unsafe-no-fsync",
                "--log-level=warn",
            ),
            log=self._log("etcd"),
            endpoint=client,
            ready=lambda: answers(f"{client}/health"),
        )

    def apiserver(self) -> Component:
        """The API server, with the same authorization as a cluster's."""
        keys = self._keys
        return Component(
            name="kube-apiserver",
            command=(
                self.binaries["kube-apiserver"],
                f"--etcd-servers=http://{LOOPBACK}:{self.ports['etcd']}",
                f"--secure-port={self.ports['kube-apiserver']}",
                f"--bind-address={LOOPBACK}",
                f"--advertise-address={LOOPBACK}",
                f"--tls-cert-file={keys.certificate}",
                f"--tls-private-key-file={keys.certificate_key}",
                f"--service-account-key-file={keys.service_account_public_key}",
                f"--service-account-signing-key-file={keys.service_account_key}",
                "--service-account-issuer=https://kubernetes.default.svc",
                "--service-cluster-ip-range=10.96.0.0/16",
                f"--token-auth-file={self._tokens}",
                "--authorization-mode=Node,RBAC",
            ),
            log=self._log("kube-apiserver"),
            endpoint=self.server,
            ready=lambda: answers(f"{self.server}/readyz", keys.authority),
        )

    def controller_manager(self) -> Component:
        """The controllers that make namespaces go away, collect garbage and make ServiceAccounts."""
        return Component(
            name="kube-controller-manager",
            command=(
                self.binaries["kube-controller-manager"],
                f"--kubeconfig={self._manager_kubeconfig}",
                f"--root-ca-file={self._keys.authority}",
                f"--service-account-private-key-file={self._keys.service_account_key}",
                "--use-service-account-credentials=true",  # the rights are bound to those
                f"--controllers={','.join(_CONTROLLERS)}",
                "--leader-elect=false",
                "--secure-port=0",
            ),
            log=self._log("kube-controller-manager"),
            ready=self._controllers_work,
        )

    def _controllers_work(self) -> bool:
        with Cluster(self.admin) as cluster:
            return cluster.controllers_work()

    @property
    def _keys(self) -> Keys:
        return Keys(self.folder / "pki")

    @property
    def _tokens(self) -> Path:
        return self.folder / "tokens.csv"

    @property
    def _manager_kubeconfig(self) -> Path:
        return self.folder / "controller-manager.kubeconfig"

    def _log(self, name: str) -> Path:
        return self.folder / "logs" / f"{name}.log"

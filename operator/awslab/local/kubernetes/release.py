"""Which control plane the local world runs."""

KUBERNETES_VERSION = "1.36.3"
ETCD_VERSION = "3.6.8"  # the etcd that this Kubernetes is tested with; gomod/go.mod pins both as well
COMMANDS = ("etcd", "kube-apiserver", "kube-controller-manager", "kubectl")

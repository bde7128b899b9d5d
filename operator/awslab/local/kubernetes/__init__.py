"""A real Kubernetes control plane as processes: where its binaries come from and how it is run."""

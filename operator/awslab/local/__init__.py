"""The local world: a Kubernetes control plane and a strict AWS, without cloud or Docker."""

"""A Kubernetes operator that turns custom resources into AWS infrastructure and keeps it true."""

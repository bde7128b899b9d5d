"""What is generated from the models: CRDs, admission policies, RBAC and the API reference."""

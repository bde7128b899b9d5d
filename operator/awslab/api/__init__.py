"""The API of awslab.dev: pydantic models, the one source of the CRDs, their rules and the reference."""

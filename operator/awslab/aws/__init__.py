"""The AWS types, and the only place that knows boto3."""

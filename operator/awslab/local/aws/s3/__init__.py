"""S3: events, conditions, and what a new bucket has."""

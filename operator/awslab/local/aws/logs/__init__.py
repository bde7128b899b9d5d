"""CloudWatch Logs: groups, streams, retention."""

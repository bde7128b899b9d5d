"""SNS and SQS: topics and queues that answer as AWS's."""

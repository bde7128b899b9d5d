"""The command line: `awslab`."""

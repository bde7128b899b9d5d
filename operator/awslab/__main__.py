"""`python -m awslab` is `awslab operator`."""

from awslab.cli.operator import operator

operator(prog_name="awslab operator")

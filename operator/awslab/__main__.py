"""`python -m awslab`: the operator; any other command of `awslab` may be named."""

import sys

from awslab.cli.main import main

if __name__ == "__main__":
    arguments = sys.argv[1:]
    named = arguments and not arguments[0].startswith("-")
    main(arguments if named else ["operator", *arguments], prog_name="awslab")

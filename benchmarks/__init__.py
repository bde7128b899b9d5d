"""What the operator costs, measured: `make bench`."""

"""IAM: what it refuses, and roles that are too new to be used."""

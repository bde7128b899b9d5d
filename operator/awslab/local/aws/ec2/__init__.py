"""EC2 networking: the rules, and how its calls are read and answered."""

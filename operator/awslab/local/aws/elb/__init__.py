"""Elastic Load Balancing: load balancers that take their time, and targets that are well if they can be reached."""

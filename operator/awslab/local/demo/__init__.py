"""A LabVpc's life in a world of its own, told and checked step by step."""

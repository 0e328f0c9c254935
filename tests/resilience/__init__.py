"""What visitors see during faults of the production command in the README: `python -m tests.resilience`."""

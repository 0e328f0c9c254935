"""What visitors see while the production command of the README is hurt: `python -m tests.resilience`."""

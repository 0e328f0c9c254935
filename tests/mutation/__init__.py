"""Mutation testing of the security core: small faults are put into the code, and the tests have to notice each."""

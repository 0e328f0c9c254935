"""Reads and validates the environment variables. Nothing here prints a value or puts one into a message."""

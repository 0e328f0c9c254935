"""The environment variables: how they are read and judged. Nothing here prints a value or puts one into a message."""

#!/usr/bin/env python
"""Django's command line for Mijn Assetmaps."""

import os
import sys

from django.core.management import execute_from_command_line

from assetmaps.configuration.errors import exit_in_one_line


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "assetmaps.settings")
    with exit_in_one_line():
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()

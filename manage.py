#!/usr/bin/env python
"""Django's command line for Mijn Assetmaps."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "assetmaps.settings")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as mistake:
        # One sentence that names the variable helps whoever deploys; a traceback hides it.
        sys.exit(f"Mijn Assetmaps cannot start. {mistake}")


if __name__ == "__main__":
    main()

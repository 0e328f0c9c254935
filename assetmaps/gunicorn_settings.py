"""How many processes gunicorn starts, for the deployment checks: the settings that gunicorn itself would read."""

from __future__ import annotations

import os
import runpy
import shlex

from django.conf import settings


def workers() -> int:
    """Web processes of this machine, by `gunicorn.conf.py` and GUNICORN_CMD_ARGS.

    `--workers` on the command line overrides both and cannot be seen from another command.
    """
    from gunicorn.config import Config  # here, because only this check needs it

    given, _rest = Config().parser().parse_known_args(shlex.split(os.environ.get("GUNICORN_CMD_ARGS", "")))
    if given.workers:
        return int(given.workers)
    return int(runpy.run_path(str(settings.BASE_DIR / "gunicorn.conf.py"))["workers"])

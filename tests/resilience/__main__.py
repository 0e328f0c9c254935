"""Causes faults while people sign in, and prints what they saw and what was lost: `make faults`.

Exit status 1 when a promise was broken. Everything is on this machine and on loopback or in network namespaces of its
own; as root on Debian it installs what it lacks. `--only TEXT` takes the faults with that text in their name. `--quick`
takes a short selection, which `make test` runs: about a minute and a half; it installs nothing, and ends with status 77
where a program is missing.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
LEFT_OUT = 77  # as automake and meson take it: not run


def main() -> int:
    options = argparse.ArgumentParser(prog="python -m tests.resilience", description=__doc__)
    options.add_argument("--only", default="", help="a part of the name of a fault")
    options.add_argument("--quick", action="store_true", help="a short selection, in about a minute and a half")
    options.add_argument("--list", action="store_true", help="print the names of the faults, and do nothing")
    chosen = options.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started ends

    from tests.resilience import packages

    if chosen.quick and (wanted := packages.lacking_for_quick()):
        print(f"Missing: {' '.join(wanted)}")
        return LEFT_OUT
    if not chosen.quick:
        packages.install()

    import django

    django.setup()

    from tests.resilience import quick, run

    if chosen.quick:
        return quick.run()
    return run.run(chosen.only, only_names=chosen.list)


if __name__ == "__main__":
    sys.exit(main())

"""What visitors saw of the portal while one organisation's provider was silent: `python -m tests.outbound`.

On PostgreSQL with the pool when DATABASE_URL names one, else on SQLite.
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

import django

django.setup()

from tests.outbound import portal, visitors  # noqa: E402 - after the settings
from tests.outbound.visitors import Crowd, Seen  # noqa: E402

SECONDS = 20
JUNK = "een.willekeurige.tekst"


def main() -> None:
    for name in ("4 starts at once", "6 logout tokens a second", "both"):
        with tempfile.TemporaryDirectory() as folder, portal.running(Path(folder)) as running:
            _report(name, running)


def _report(name: str, running: portal.Portal) -> None:
    others, pages, ready = Seen(), Seen(), Seen()
    crowd = Crowd()
    if not name.startswith("6"):
        for _ in range(4):
            crowd.add(visitors.start(running, others))
    if not name.startswith("4"):
        crowd.add(visitors.logout_post(running, others, JUNK), every=1 / 6)
    crowd.add(visitors.look(running, ready, "/readyz"), every=0.2)
    crowd.add(visitors.sign_in(running, pages), every=1)
    with crowd:
        time.sleep(SECONDS)
    faults = running.log.read_text().count("PoolTimeout")
    print(f"{name}, {SECONDS} s:")
    print(f"  /readyz: longest wait {ready.longest:.2f} s, {dict(ready.statuses)}")
    print(f"  password sign-in elsewhere: longest wait {pages.longest:.2f} s, {dict(pages.statuses)}")
    print(f"  the load itself: longest wait {others.longest:.2f} s, {dict(others.statuses)}")
    print(f"  errors (5xx or broken): {ready.errors + pages.errors + others.errors}; PoolTimeout in the log: {faults}")


if __name__ == "__main__":
    main()

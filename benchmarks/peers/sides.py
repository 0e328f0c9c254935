"""The peers as sides of the comparison, in an environment of their own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks.peers import visits
from benchmarks.serving import ROOT, Side

ENVIRONMENT = ROOT / "var" / "benchmark-peers"
REQUIREMENTS = Path(__file__).with_name("requirements.txt")
_PYTHON = str(ENVIRONMENT / "bin" / "python")
# The application of `benchmarks.peers.tiles` has no migrations.
_TASKS = (("migrate", "--run-syncdb"),)


def _side(name: str, settings: str, its_visits: visits.Bare) -> Side:
    application = "benchmarks.wsgi:application"
    return Side(name, settings, application, its_visits, people="benchmarks.peers.people", python=_PYTHON, tasks=_TASKS)


TWO_FACTOR = _side("two-factor-auth", "benchmarks.peers.two_factor_settings", visits.TwoFactor())
ALLAUTH = _side("allauth", "benchmarks.peers.allauth_settings", visits.Allauth())


def installed() -> tuple[Side, ...]:
    """Both, or none when their packages cannot be installed. Installs them once, until their versions change."""
    stamp = ENVIRONMENT / "installed.txt"
    wanted = REQUIREMENTS.read_text()
    if not (stamp.exists() and stamp.read_text() == wanted):
        ENVIRONMENT.parent.mkdir(exist_ok=True)
        pip = [_PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", str(REQUIREMENTS)]
        for command in ([sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)], pip):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                print(f"the peers are left out: {(done.stderr.strip() or command[0]).splitlines()[-1]}")
                return ()
        stamp.write_text(wanted)
    return TWO_FACTOR, ALLAUTH

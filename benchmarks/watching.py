"""What metrics cost: the portal with `METRICS_ADDRESS` beside the portal without. `python -m benchmarks.watching`."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from statistics import median

from benchmarks import instructions, rounds, serving
from benchmarks.rounds import CLIENTS, QUICK
from benchmarks.serving import OURS, Server
from tests.provider import free_port

ON, OFF = "with metrics", "without"


def main() -> None:
    address = (("METRICS_ADDRESS", f"127.0.0.1:{free_port('127.0.0.1')}"),)
    sides = (replace(OURS, name=ON, variables=address), replace(OURS, name=OFF))
    size = replace(QUICK, rounds=9)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as running:
        prepared = [serving.prepare(side, Path(folder), size.people(["sign-in"])) for side in sides]
        counted = {one.side.name: instructions.of_landing(one) for one in prepared}
        print(f"landing page: {counted[ON] / 1e6:.3f} and {counted[OFF] / 1e6:.3f} million instructions")
        servers = [running.enter_context(serving.running(one)) for one in prepared]
        _print("sign-in", rounds.sign_in(servers, size))
        _print("landing page", rounds.landing(servers, size, {one.side.name: _signed_in(one) for one in servers}))
        for server in servers:
            print(f"memory {server.side.name}: {server.memory_mib():.1f} MiB")


def _signed_in(server: Server) -> list:
    found = [server.browser() for _ in range(CLIENTS)]
    for browser, person in zip(found, server.prepared.take_people(CLIENTS), strict=True):
        server.side.visits.sign_in(browser, person)
    return found


def _print(what: str, figures: rounds.Figures) -> None:
    ratios = rounds.ratios(figures, ON, OFF)
    print(
        f"{what}: {median(figures[ON]):.2f} and {median(figures[OFF]):.2f} ms, × {median(ratios):.3f} "
        f"(rounds {min(ratios):.2f} to {max(ratios):.2f})"
    )


if __name__ == "__main__":
    main()

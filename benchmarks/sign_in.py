"""Compares a sign-in with a second factor to plain django.contrib.auth: `python -m benchmarks.sign_in`.

Processor time without the password hash, statements, and peak memory of eight people at once. Both sides run in turn in
processes of their own, so that the ratio holds when the machine's speed drifts.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys

ROUNDS, COUNT = 5, 100


def side(*arguments: str) -> dict:
    command = [sys.executable, "-m", "benchmarks.one_side", *arguments]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def compare(ours_side: str, title: str) -> None:
    ratios, ours = [], {}
    for _ in range(ROUNDS):
        ours, bare = side(ours_side, str(COUNT)), side("bare", str(COUNT))
        ratios.append(ours["ms"] / bare["ms"])
    low, middle, high = min(ratios), statistics.median(ratios), max(ratios)
    print(f"{title}\n  processor time: {middle:.2f} x a bare sign-in (min {low:.2f}, max {high:.2f})")
    print(f"  last round: {ours['ms']:.2f} ms beside {bare['ms']:.2f} ms")
    print(f"  statements: {ours['sql']}, of which {ours['writes']} write (bare: {bare['sql']}, {bare['writes']})")
    if "-v" in sys.argv:
        print("\n".join(f"    {text[:150]}" for text in ours["texts"]))


def main() -> None:
    compare("ours", "form, password, code")
    compare("ours-with-code-page", "form, password, code page, code")
    mine, djangos = side("memory", "ours")["mib"], side("memory", "django")["mib"]
    print(f"peak memory of eight at once: {mine:.0f} MiB, {mine / djangos:.2f} x Django's default ({djangos:.0f} MiB)")


if __name__ == "__main__":
    main()

"""What a sign-in with a second step costs, beside a bare django.contrib.auth sign-in: `python -m benchmarks.sign_in`.

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


def main() -> None:
    ratios, ours = [], {}
    for number in range(ROUNDS):
        ours, bare = side("ours", str(COUNT)), side("bare", str(COUNT))
        ratios.append(ours["ms"] / bare["ms"])
        print(f"round {number + 1}: ours {ours['ms']:.2f} ms, bare {bare['ms']:.2f} ms, ratio {ratios[-1]:.2f}")
    low, middle, high = min(ratios), statistics.median(ratios), max(ratios)
    print(f"processor time: {middle:.2f} x a bare sign-in (min {low:.2f}, max {high:.2f})")
    print(f"statements: {ours['sql']}, of which {ours['writes']} write")
    if "-v" in sys.argv:
        print("\n".join(text[:150] for text in ours["texts"]))
    mine, djangos = side("memory", "ours")["mib"], side("memory", "django")["mib"]
    print(f"peak memory of eight at once: {mine:.0f} MiB, {mine / djangos:.2f} x Django's default ({djangos:.0f} MiB)")


if __name__ == "__main__":
    main()

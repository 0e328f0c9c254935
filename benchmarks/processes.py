"""What the processes of a server use, as the kernel counts it. For Linux."""

from __future__ import annotations

import re
import time
from contextlib import suppress
from pathlib import Path


def family(pid: int) -> list[int]:
    """The process and all below it."""
    found = [pid]
    for one in found:
        for children in Path(f"/proc/{one}/task").glob("*/children"):
            with suppress(OSError):  # it ended meanwhile
                found += map(int, children.read_text().split())
    return found


def processor_ms(pids: list[int]) -> float:
    """Processor milliseconds of these processes since each began, threads that ended included."""
    return sum(map(_processor_ns, pids)) / 1e6


def _processor_ns(pid: int) -> int:
    # The clock of another process: clock_getcpuclockid(3), which Python does not have. /proc/PID/stat counts in steps
    # of 10 ms, and /proc/PID/schedstat the first thread alone.
    with suppress(OSError):
        return time.clock_gettime_ns((~pid << 3) | 2)
    return 0


def memory_mib(pids: list[int]) -> float:
    """MiB of these processes; what they share is counted once (PSS)."""
    total = 0
    for pid in pids:
        with suppress(OSError):
            found = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
            total += int(found[1]) if found else 0
    return total / 1024

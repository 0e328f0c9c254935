"""Peak memory of eight password hashes at once: `python -m benchmarks.hash_memory`.

Ours beside Django's default for Argon2, each in a process of its own.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import threading

PEOPLE = 8
PASSWORD = "een lange zin als wachtwoord"


def main() -> None:
    ours, default = _in_a_process("ours"), _in_a_process("default")
    print(f"{ours:.0f} MiB, {ours / default:.2f} x Django's default ({default:.0f} MiB)")


def _in_a_process(hasher: str) -> float:
    command = [sys.executable, "-m", "benchmarks.hash_memory", hasher]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def peak(hasher: str) -> float:
    """MiB of this process, after eight people signed in at once."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "assetmaps.settings"
    os.environ["DEBUG"] = "1"
    import django  # not in the process that only compares

    django.setup()
    from django.contrib.auth.hashers import Argon2PasswordHasher

    from accounts.passwords.hashers import Argon2idHasher

    chosen = Argon2idHasher() if hasher == "ours" else Argon2PasswordHasher()
    encoded = chosen.encode(PASSWORD, "zoutzoutzoutzout")
    threads = [threading.Thread(target=chosen.verify, args=(PASSWORD, encoded)) for _ in range(PEOPLE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(peak(sys.argv[1]))
    else:
        main()

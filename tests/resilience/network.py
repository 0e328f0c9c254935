"""Machines on this one: network namespaces on a bridge, each with an address, or addresses of loopback.

A namespace that is cut off is silent, as a machine without power is; processes are started in it with ``wrapper``.
"""

from __future__ import annotations

import ctypes
import os
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.services import missing

BRIDGE = "portaalbrug"
PREFIX = "10.99.7"
HERE = f"{PREFIX}.1"  # this side: the visitors and the services
LOOPBACK = "127.0.7"


@dataclass(frozen=True)
class Machine:
    """``wrapper``: the command before one that is started on it; ``link``: its end of the wire, empty on loopback."""

    name: str
    address: str
    wrapper: tuple[str, ...] = ()
    link: str = ""

    def listen(self, port: int = 0) -> socket.socket:
        """A socket of that machine, made here: the one that systemd keeps there."""
        if not self.link:
            return socket.create_server((self.address, port), backlog=2048)
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(self._listen, port).result()

    def _listen(self, port: int) -> socket.socket:
        """Only this thread changes the namespace. Python has `os.setns` from 3.12 on."""
        libc = ctypes.CDLL(None, use_errno=True)
        with Path(f"/run/netns/{self.wrapper[-1]}").open() as space:
            if libc.setns(space.fileno(), 0) != 0:
                raise OSError(ctypes.get_errno(), "setns")
        return socket.create_server((self.address, port), backlog=2048)

    def cut_off(self) -> None:
        """Nothing arrives any more, and nothing is refused: as when the power fails."""
        if self.link:
            _ip("link", "set", self.link, "down")

    def put_back(self) -> None:
        if self.link:
            _ip("link", "set", self.link, "up")


def has_namespaces() -> bool:
    """Whether the kernel and the rights allow to make one."""
    if os.geteuid() != 0 or missing("ip"):
        return False
    made = subprocess.run(["ip", "netns", "add", "portaalproef"], capture_output=True).returncode == 0
    if made:
        _ip("netns", "del", "portaalproef")
    return made


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


class Network:
    """``here``: the address at which services listen and the proxy begins its connections."""

    def __init__(self, names: list[str]) -> None:
        self._stack = ExitStack()
        self.is_real = has_namespaces()
        self.here = HERE if self.is_real else f"{LOOPBACK}.1"
        self.machines = {name: self._machine(name, number) for number, name in enumerate(names, 11)}

    def _machine(self, name: str, number: int) -> Machine:
        if not self.is_real:
            return Machine(name, f"{LOOPBACK}.{number}")
        return Machine(name, f"{PREFIX}.{number}", ("ip", "netns", "exec", f"portaal-{name}"), f"portaal{number}")

    def __enter__(self) -> Network:
        try:
            if self.is_real:
                self._make()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _clear(self) -> None:
        """What an earlier run left behind that was killed."""
        for machine in self.machines.values():
            subprocess.run(["ip", "netns", "del", machine.wrapper[-1]], capture_output=True)
        subprocess.run(["ip", "link", "del", BRIDGE], capture_output=True)

    def _make(self) -> None:
        self._clear()
        _ip("link", "add", BRIDGE, "type", "bridge")
        self._stack.callback(_ip, "link", "del", BRIDGE)
        _ip("address", "add", f"{HERE}/24", "dev", BRIDGE)
        _ip("link", "set", BRIDGE, "up")
        for machine in self.machines.values():
            space = machine.wrapper[-1]
            _ip("netns", "add", space)
            self._stack.callback(_ip, "netns", "del", space)
            _ip("link", "add", machine.link, "type", "veth", "peer", "name", "eth0", "netns", space)
            _ip("link", "set", machine.link, "master", BRIDGE, "up")
            _ip("-n", space, "address", "add", f"{machine.address}/24", "dev", "eth0")
            _ip("-n", space, "link", "set", "eth0", "up")
            _ip("-n", space, "link", "set", "lo", "up")

    def __exit__(self, *_what: object) -> None:
        self._stack.close()

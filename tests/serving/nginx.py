"""The real nginx with `deploy/nginx.conf`, on other ports and with a certificate of its own."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests import server
from tests.provider import free_port
from tests.serving import raw_http

MISSING = "no nginx (on Debian: apt-get install nginx)"
SILENCE = 15  # seconds that nginx waits for one of several machines: proxy_read_timeout in deploy/nginx.conf
PROGRAM = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
MAIN = """
daemon off;
{user}
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
worker_processes 2;
worker_rlimit_nofile 4096;
events {{ worker_connections 2048; }}
http {{
    access_log off;
    client_body_temp_path {folder}/client_body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/assetmaps.conf;
}}
"""


@contextmanager
def running(folder: Path, portal: int | str, *more: str) -> Iterator[int]:
    """The port for https. ``portal``: the port that the portal listens on, or host and port; ``more``: those of other
    machines, with which the lines for several machines are used."""
    port = free_port("127.0.0.1")
    _certificate(folder)
    text = (server.ROOT / "deploy" / "nginx.conf").read_text()
    place = portal if isinstance(portal, str) else f"127.0.0.1:{portal}"
    text = for_several(text, [place, *more]) if more else text.replace("127.0.0.1:8000", place)
    text = text.replace("/etc/ssl/assetmaps", str(folder))
    text = re.sub(r"listen \[::\].*\n", "", text)
    text = text.replace("listen 80;", f"listen {free_port('127.0.0.1')};").replace(
        "listen 443", f"listen 127.0.0.1:{port}"
    )
    # So that a test on a busy machine can open so many slow bodies before the first is given up.
    text = text.replace("client_body_timeout   10s", f"client_body_timeout {raw_http.TIMEOUT}s")
    (folder / "assetmaps.conf").write_text(text)
    user = "user root;" if os.geteuid() == 0 else ""  # else it may not write into the folder of the test
    (folder / "nginx.conf").write_text(MAIN.format(folder=folder, user=user))
    command = [PROGRAM, "-p", str(folder), "-c", str(folder / "nginx.conf")]
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    try:
        _wait(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(raw_http.TIMEOUT)


def for_several(text: str, machines: list[str]) -> str:
    """The file with the lines for several machines in use, as its comments say."""
    text = re.sub(r" +server 127\.0\.0\.1:8000 .*\n", "", text)
    for name in ("proxy_connect_timeout", "proxy_read_timeout", "proxy_next_upstream"):
        text = re.sub(rf"^ +{name} .*\n", "", text, count=1, flags=re.MULTILINE)
    text = text.replace("#several ", "")
    told = re.findall(r"server 10\.0\.0\.1\d:8000 (.*);", text)
    lines = "".join(f"    server {place} {options};\n" for place, options in zip(machines, told, strict=True))
    return re.sub(r"(?: +server 10\.0\.0\.1\d:8000 .*\n)+", lines, text)


def _wait(port: int, process: subprocess.Popen) -> None:
    until = time.monotonic() + raw_http.TIMEOUT
    while time.monotonic() < until and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise RuntimeError(process.stderr.read().decode())


def _certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, raw_http.HOST)])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(
        name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1)
    )
    (folder / "fullchain.pem").write_bytes(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    private = serialization.PrivateFormat.PKCS8
    (folder / "privkey.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, private, serialization.NoEncryption())
    )

#!/usr/bin/env python3
"""Stands between Playwright and the system's own Firefox: started like Firefox, it starts it and passes all on.

Playwright speaks WebDriver BiDi with it, and begins each context with a command for the preferred colours that today's
ESR does not know; the error ends the test before it begins. The relay sends a command that does nothing in its place.
Delete this file when the ESR knows ``emulation.setMediaFeaturesOverride``.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys

UNKNOWN = "emulation.setMediaFeaturesOverride"
HARMLESS = {"method": "session.status", "params": {}}
LISTENS = re.compile(rb"WebDriver BiDi listening on ws://127\.0\.0\.1:(\d+)")
TEXT, FINAL, MASKED = 0x1, 0x80, 0x80
CHUNK = 65536


async def main() -> int:
    firefox = await asyncio.create_subprocess_exec(
        os.environ["FIREFOX_BEHIND_RELAY"], *sys.argv[1:], stderr=asyncio.subprocess.PIPE
    )
    assert firefox.stderr is not None
    async for line in firefox.stderr:
        if found := LISTENS.search(line):
            port = await relay_to(int(found[1]))
            line = f"WebDriver BiDi listening on ws://127.0.0.1:{port}\n".encode()
        sys.stderr.buffer.write(line)
        sys.stderr.flush()
    return await firefox.wait()


async def relay_to(port: int) -> int:
    async def serve(here: asyncio.StreamReader, answer: asyncio.StreamWriter) -> None:
        there, ask = await asyncio.open_connection("127.0.0.1", port)
        handshake = await here.readuntil(b"\r\n\r\n")
        # Firefox checks the host and port that it is called by; a request by any other name is still refused.
        ask.write(handshake.replace(b"Host: 127.0.0.1:%d\r" % own_port(), b"Host: 127.0.0.1:%d\r" % port))
        await asyncio.gather(pass_frames(here, ask), pass_on(there, answer))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)

    def own_port() -> int:
        return int(server.sockets[0].getsockname()[1])

    return own_port()


async def pass_on(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    while part := await source.read(CHUNK):
        target.write(part)
        await target.drain()
    target.close()


async def pass_frames(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    """Frames of RFC 6455, section 5.2, from a client: always masked."""
    try:
        while True:
            head = await source.readexactly(2)
            length = head[1] & 0x7F
            if length >= 126:
                length = int.from_bytes(await source.readexactly(2 if length == 126 else 8))
            mask = await source.readexactly(4)
            content = masked(await source.readexactly(length), mask)
            if head[0] == FINAL | TEXT:
                content = instead_of(content)
            target.write(frame(head[0], content, mask))
            await target.drain()
    except asyncio.IncompleteReadError:
        target.close()


def masked(content: bytes, mask: bytes) -> bytes:
    key = (mask * (len(content) // 4 + 1))[: len(content)]
    return (int.from_bytes(content) ^ int.from_bytes(key)).to_bytes(len(content)) if content else content


def instead_of(content: bytes) -> bytes:
    if UNKNOWN.encode() not in content:
        return content
    command = json.loads(content)
    return json.dumps(command | HARMLESS).encode() if command.get("method") == UNKNOWN else content


def frame(first: int, content: bytes, mask: bytes) -> bytes:
    length = len(content)
    if length < 126:
        size = bytes([MASKED | length])
    elif length < 65536:
        size = bytes([MASKED | 126]) + length.to_bytes(2)
    else:
        size = bytes([MASKED | 127]) + length.to_bytes(8)
    return bytes([first]) + size + mask + masked(content, mask)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))

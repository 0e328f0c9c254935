"""The mail server of the run: a real one on a socket, that can go away, say nothing, and refuse."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter

from tests.mail_server import MailServer
from tests.services import HOST, free_port

LINK = re.compile(r"https://\S+/wachtwoord-instellen/\S+/")


class Mailbox:
    """Keeps what it received while it goes away and comes back at the same port."""

    def __init__(self, host: str = HOST) -> None:
        self.host, self.port = host, free_port()
        self.recipients: list[str] = []
        self.texts: list[str] = []
        self.server: MailServer | None = None

    def __enter__(self) -> Mailbox:
        self.start()
        return self

    def __exit__(self, *_what: object) -> None:
        self.stop()

    def start(self) -> None:
        self.server = MailServer(self.host, self.port)
        self.server.recipients, self.server.texts = self.recipients, self.texts
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        if self.server:
            self.server.mute.clear()
            self.server.shutdown()
            self.server.server_close()
            self.server = None

    def counts(self, since: int = 0) -> Counter[str]:
        """How many mails each address got, of those after the first ``since``."""
        return Counter(self.recipients[since:])

    def link(self, address: str, seconds: float) -> str:
        """The path of the newest link to set a password that was mailed there; empty when none comes in time."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            mails = list(zip(self.recipients, self.texts, strict=False))
            found = [LINK.findall(text) for to, text in mails if to == address]
            if links := [one for several in found for one in several]:
                return "/" + links[-1].split("/", 3)[3]
            time.sleep(0.05)
        return ""

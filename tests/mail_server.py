"""A small SMTP server on a socket, with answers that a test chooses (RFC 5321)."""

from __future__ import annotations

import email
import email.policy
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from pytest_django import Settings

ANSWERS = {
    "EHLO": "250 hier",
    "MAIL": "250 ok",
    "RCPT": "250 ok",
    "DATA": "354 ga door",
    ".": "250 ok",
    "QUIT": "221 dag",
}


class MailServer(socketserver.ThreadingTCPServer):
    """``answers``: to a command, or to a command whose line contains a text; ``recipients``: of the accepted mails, and
    ``texts``: what is in them, in the same order. ``mute``: says nothing while it is set; ``greylists``: refuses each
    recipient for the moment, once (RFC 6647)."""

    allow_reuse_address = daemon_threads = True
    request_queue_size = 100

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__((host, port), _SmtpHandler)
        self.answers: dict[tuple[str, str], str] = {}
        self.recipients: list[str] = []
        self.texts: list[str] = []
        self.mute, self.greylists = threading.Event(), threading.Event()
        self.greylisted: set[str] = set()

    def refuse(self, command: str, answer: str, containing: str = "") -> None:
        self.answers[command, containing.lower()] = answer

    def answer(self, command: str, line: str) -> str:
        while self.mute.is_set():
            time.sleep(0.02)
        if command == "RCPT" and self.greylists.is_set() and line not in self.greylisted:
            self.greylisted.add(line)
            return "451 4.7.1 kom straks terug"
        for (refused, text), answer in self.answers.items():
            if refused == command and text in line.lower():
                return answer
        return ANSWERS.get(command, "502 onbekend")


class _SmtpHandler(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        with suppress(ConnectionError):  # a client that was killed
            self._talk()

    def _talk(self) -> None:
        self.wfile.write(b"220 hier\r\n")
        to = ""
        while line := self.rfile.readline().decode("latin-1").strip():
            command = line[:4].upper()
            answer = self.server.answer(command, line)
            if command == "RCPT":
                to = line.partition("<")[2].partition(">")[0]
            self.wfile.write(f"{answer}\r\n".encode())
            if command == "DATA" and answer.startswith("354"):
                told = b""
                while (row := self.rfile.readline()).rstrip(b"\r\n") != b"." and row:
                    told += row[1:] if row.startswith(b"..") else row
                answer = self.server.answer(".", to)
                self.wfile.write(f"{answer}\r\n".encode())
                if answer.startswith("250"):
                    self.server.texts.append(_plain_text(told))
                    self.server.recipients.append(to)


def _plain_text(told: bytes) -> str:
    body = email.message_from_bytes(told, policy=email.policy.default).get_body(("plain",))
    return body.get_content() if body else ""


@contextmanager
def mail_server(settings: Settings) -> Iterator[MailServer]:
    """One that Django's own SMTP backend sends to."""
    with MailServer() as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.server_address[1]
        settings.EMAIL_USE_TLS, settings.EMAIL_TIMEOUT = False, 5
        yield server
        server.shutdown()

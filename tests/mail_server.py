"""A small SMTP server on a socket, with answers that a test chooses (RFC 5321)."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager

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
    """``answers``: to a command, or to a command whose line contains a text; ``recipients``: of the accepted mails."""

    allow_reuse_address = daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _SmtpHandler)
        self.answers: dict[tuple[str, str], str] = {}
        self.recipients: list[str] = []

    def refuse(self, command: str, answer: str, containing: str = "") -> None:
        self.answers[command, containing.lower()] = answer

    def answer(self, command: str, line: str) -> str:
        for (refused, text), answer in self.answers.items():
            if refused == command and text in line.lower():
                return answer
        return ANSWERS.get(command, "502 onbekend")


class _SmtpHandler(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        self.wfile.write(b"220 hier\r\n")
        to = ""
        while line := self.rfile.readline().decode("latin-1").strip():
            command = line[:4].upper()
            answer = self.server.answer(command, line)
            if command == "RCPT":
                to = line.partition("<")[2].partition(">")[0]
            self.wfile.write(f"{answer}\r\n".encode())
            if command == "DATA" and answer.startswith("354"):
                while self.rfile.readline().rstrip(b"\r\n") != b".":
                    pass
                answer = self.server.answer(".", to)
                self.wfile.write(f"{answer}\r\n".encode())
                if answer.startswith("250"):
                    self.server.recipients.append(to)


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

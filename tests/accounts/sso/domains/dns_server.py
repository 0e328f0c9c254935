"""A small DNS server on loopback: a zone of TXT records, and every fault that a server can have."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

from dnslib import CNAME, QTYPE, RCODE, RR, TXT, DNSRecord
from dnslib.server import DNSLogger, DNSServer

Zone = dict[str, list[list[bytes]] | str]  # a name: its texts, each a list of strings; or one of the faults below
ALIAS = "alias:"


class _Answers:
    def __init__(self, zone: Zone) -> None:
        self.zone, self.asked = zone, []

    def resolve(self, request: DNSRecord, handler: object) -> DNSRecord:
        reply, name = request.reply(), str(request.q.qname).rstrip(".").lower()
        self.asked.append(name)
        found = self.zone.get(name, "nxdomain")
        while isinstance(found, str) and found.startswith(ALIAS):
            target = found.removeprefix(ALIAS)
            reply.add_answer(RR(name, QTYPE.CNAME, rdata=CNAME(target)))
            name, found = target, self.zone.get(target, "nxdomain")
        if isinstance(found, str):
            return self._fault(reply, found)
        for strings in found:
            reply.add_answer(RR(name, QTYPE.TXT, rdata=TXT(strings)))
        return reply

    @staticmethod
    def _fault(reply: DNSRecord, fault: str) -> DNSRecord:
        if fault == "mute":
            time.sleep(3)
        codes = {"nxdomain": RCODE.NXDOMAIN, "servfail": RCODE.SERVFAIL, "refused": RCODE.REFUSED}
        reply.header.rcode = codes.get(fault, RCODE.NOERROR)
        return reply


def _both(answers: _Answers, logger: DNSLogger) -> tuple[DNSServer, DNSServer]:
    """UDP and TCP on one port. The system gives a free one of UDP; somebody else may have it for TCP: then another."""
    while True:
        udp = DNSServer(answers, address="127.0.0.1", port=0, logger=logger)
        try:
            port = udp.server.server_address[1]
            return udp, DNSServer(answers, address="127.0.0.1", port=port, tcp=True, logger=logger)
        except OSError:
            udp.server.server_close()


@contextmanager
def serving(zone: Zone) -> Iterator[tuple[str, list[str]]]:
    """The server's address as DNS_RESOLVERS takes it, and the names it was asked for. UDP and TCP on one port."""
    answers = _Answers(zone)
    udp, tcp = _both(answers, DNSLogger(logf=lambda text: None))
    for server in (udp.server, tcp.server):
        server.handle_error = lambda request, client: None  # the client of a silent server has gone already
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield f"127.0.0.1:{udp.server.server_address[1]}", answers.asked
    finally:
        for server in (udp, tcp):
            server.server.shutdown()
            server.server.server_close()

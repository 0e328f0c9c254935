"""Two web machines, one with the worker, PostgreSQL, Redis and nginx on a network: they count and know together."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pyotp

from accounts import limits
from tests.pages import CODE, DETAILS, SIGN_IN
from tests.resilience import portal
from tests.resilience.mailbox import Mailbox
from tests.resilience.network import Machine, Network
from tests.resilience.portal import Background, Stage, Web
from tests.resilience.visitors import SIGN_OUT, CutShortError, Record, Visit, send_from_two_browsers
from tests.resilience.waiting import guess_password
from tests.services import HOST, Postgres, Redis
from tests.serving import nginx

GUESSING = "127.78.0.1"
PAIRS = 5


@dataclass
class Machines:
    """``stage``: by the proxy that hands requests to both; ``each``: by one that knows this machine only."""

    stage: Stage
    each: list[Stage]
    webs: list[Web]
    machines: list[Machine]
    is_real: bool


@contextmanager
def running(folder: Path, people: int) -> Iterator[Machines]:
    with ExitStack() as stack:
        network = stack.enter_context(Network(["web1", "web2", "worker"]))
        silent = stack.enter_context(closing(socket.create_server((HOST, 0), backlog=512)))
        postgres = stack.enter_context(Postgres(f"listen_addresses={HOST},{network.here}"))
        postgres.allow(f"{network.here}/24")
        redis = stack.enter_context(Redis("--bind", HOST, network.here, "--protected-mode", "no"))
        mailbox = stack.enter_context(Mailbox(network.here))
        database, cache = (url.replace(HOST, network.here) for url in (postgres.url, redis.url))
        common = portal.environment_of(folder, database, cache, mailbox, silent)
        common |= {"TRUSTED_PROXIES": network.here if network.is_real else HOST}
        told = portal.fill(common, silent, people)
        webs, each, places = [], [], []
        *web_machines, worker_machine = network.machines.values()
        for machine in web_machines:
            name = machine.name
            (folder / name).mkdir()
            environment = common | {"AUDIT_HEAD_FILE": str(folder / name / "audit-head")}
            web = Web(environment, folder / f"{name}.log", machine.listen(), machine.wrapper)
            webs.append(stack.enter_context(web))
            places.append(f"{machine.address}:{web.port}")
            address = f"https://{HOST}:{stack.enter_context(nginx.running(folder / name, places[-1]))}"
            if not each:
                background = stack.enter_context(Background(web, worker_machine.wrapper))
            each.append(Stage(web, background, address, mailbox, database, postgres, redis, silent, **told))
        for web in webs:
            web.wait()
        address = f"https://{HOST}:{stack.enter_context(nginx.running(folder, *places))}"
        stage = replace(each[0], address=address)
        stack.enter_context(stage.others)
        yield Machines(stage, each, webs, web_machines, network.is_real)


def _next(on: Machines) -> tuple[str, str]:
    """Somebody who was not here yet, with the secret of the app."""
    return on.stage.twins.popitem()


def one_code_sent_to_both_gets_in_once(on: Machines) -> Iterator[str]:
    for _ in range(PAIRS):
        email = next(reversed(on.stage.twins))
        got_in = send_from_two_browsers(on.each[0], Record(), email, on.each[1])
        on.stage.twins.pop(email)
        if got_in != 1:
            yield f"with one code {got_in} got in"


def wrong_codes_are_counted_together(on: Machines) -> Iterator[str]:
    email, secret = _next(on)
    visits = [Visit(stage, Record(), email, network=GUESSING) for stage in on.each]  # codes wait by network
    for visit in visits:
        visit.give_password(CODE)
    for number in range(limits.CODE_FREE_FAILURES):
        visits[number % 2].send(CODE, code="000000")
    for visit in visits:
        answer = visit.send(CODE, code=pyotp.TOTP(secret).now())
        if answer is None or answer.headers.get("Location") != CODE:
            told = answer and f"{answer.status_code} {answer.headers.get('Location')}"
            yield f"after five wrong codes, spread over both machines, a right one was answered with {told}"


def wrong_passwords_of_a_network_are_counted_together(on: Machines) -> Iterator[str]:
    for number in range(limits.NETWORK_FAILURES):
        if guess_password(on.each[number % 2], number, GUESSING):
            yield f"the limit came after {number} guesses"
            return
    further = range(limits.NETWORK_FAILURES, limits.NETWORK_FAILURES + 2)
    if not all(guess_password(on.each[number % 2], number, GUESSING) for number in further):
        yield f"after {limits.NETWORK_FAILURES} guesses, spread over both machines, there was no limit"


def session_that_ends_on_one_ends_on_the_other(on: Machines) -> Iterator[str]:
    email, secret = _next(on)
    visit = Visit(on.each[0], Record(), email)
    visit.sign_in(secret)
    try:
        visit.stage = on.each[1]
        visit.get(DETAILS)
        visit.post(SIGN_OUT, SIGN_IN)
    except CutShortError as where:
        yield f"the session of one machine is not known on the other: {where}"
        return
    visit.stage = on.each[0]
    try:
        visit.get(DETAILS)
    except CutShortError:
        return
    yield "a session that ended on one machine goes on on the other"


CHECKS: dict[str, Callable[[Machines], Iterator[str]]] = {
    "one code sent to both gets in once": one_code_sent_to_both_gets_in_once,
    "wrong codes are counted together": wrong_codes_are_counted_together,
    "wrong passwords of a network are, too": wrong_passwords_of_a_network_are_counted_together,
    "a session ended on one is on the other": session_that_ends_on_one_ends_on_the_other,
}


def second_dies(on: Machines) -> None:
    """`kill -9` of all of its processes, and of the socket: connections are refused."""
    on.webs[1].kill()
    on.webs[1].socket.close()


def second_comes_back(on: Machines) -> None:
    on.webs[1].socket = on.machines[1].listen(on.webs[1].port)
    on.webs[1].start()
    on.webs[1].wait()


def second_is_cut_off(on: Machines) -> None:
    """Silent on the network, as without power."""
    on.machines[1].cut_off()


def second_is_put_back(on: Machines) -> None:
    on.machines[1].put_back()


def both_are_restarted_in_turn(on: Machines) -> None:
    """A rolling upgrade: each machine gets the new version while the other one works."""
    for web in on.webs:
        web.restart()
        web.wait()

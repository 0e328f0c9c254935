"""What visitors do and see: sign in with real codes, one code in two browsers at once, and changes that are mailed."""

from __future__ import annotations

import itertools
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pyotp
import requests
import urllib3
from requests.adapters import HTTPAdapter

from tests.factories import PASSWORD
from tests.outbound.visitors import token_of
from tests.pages import ACTIVATE, CODE, CONFIRM, DETAILS, SIGN_IN
from tests.resilience.portal import Stage
from tests.serving import raw_http

GIVE_UP = 60  # seconds
VISITORS = 4
EVERY = 1.0  # seconds from the beginning of one visit to that of the next
TWINS_EVERY = 2.0
CHANGES_EVERY = 2.0
LINK_WITHIN = 20.0  # seconds in which the mailed link has to come, or the visitor goes away
BROKEN = 0  # instead of a status: the connection broke
WRONG = -1  # an answer that does not belong there, for example the form again
RECOVERY, AFTER_RECOVERY = "/inloggen/herstelcode/", "/inloggen/herstelcode/gebruikt/"
CODES, KEPT = "/persoonlijke-gegevens/herstelcodes/", "/persoonlijke-gegevens/herstelcodes/bewaard/"
SIGN_OUT, FORGOTTEN, SENT = "/uitloggen/", "/wachtwoord-vergeten/", "/wachtwoord-vergeten/verstuurd/"
NEW_PASSWORD = "/wachtwoord-instellen/"
ANOTHER_PASSWORD = "een heel andere lange zin"
PROBES = ("/healthz", "/readyz")
urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)


_networks = itertools.count(1)


class From(HTTPAdapter):
    """From this address of the loopback network: proxy and portal count by network."""

    def __init__(self, address: str) -> None:
        self._address = address
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options | {"source_address": (self._address, 0)})


def session(address: str = "") -> requests.Session:
    """A browser at this address, or at one of its own."""
    number = next(_networks)
    made = requests.Session()
    made.mount("https://", From(address or f"127.1.{number // 250 % 250}.{number % 250 + 1}"))
    made.trust_env = False  # else the environment of the machine says which certificates count
    made.verify = False
    made.headers.update({"Host": raw_http.HOST, "Referer": f"https://{raw_http.HOST}/inloggen/"})
    return made


class CutShortError(Exception):
    """The visit could not go on."""


@dataclass
class Seen:
    """In one part of the run. ``odd``: what the answers were that nobody should get, with their address; ``twice``:
    codes with which somebody got in a second time."""

    statuses: Counter[int] = field(default_factory=Counter)
    odd: Counter[str] = field(default_factory=Counter)
    without_retry_after: int = 0
    longest: float = 0.0
    longest_probe: float = 0.0
    probes: Counter[str] = field(default_factory=Counter)
    begun: int = 0
    complete: list[tuple[float, float]] = field(default_factory=list)  # when each complete visit began and ended
    twice: list[str] = field(default_factory=list)
    pairs: int = 0  # codes that were sent from two browsers at once
    changes: int = 0  # of security state, that were mailed

    def back_after(self, moment: float) -> float:
        """Seconds from then until a visit that began later was complete; 0 when none was."""
        return min((ended - moment for began, ended in list(self.complete) if began > moment), default=0.0)

    @property
    def requests(self) -> int:
        return sum(count for status, count in self.statuses.items() if status != WRONG)

    @property
    def failed(self) -> int:
        return self.statuses[503] + self.statuses[BROKEN]


class Record:
    """Where visitors note what they saw: in the part that was under way when they asked."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.now = Seen()

    def begin(self) -> Seen:
        with self.lock:
            self.now = Seen()
            return self.now

    def ask(self, call: Callable[[], requests.Response], address: str) -> requests.Response | None:
        part, began = self.now, time.monotonic()
        try:
            answer: requests.Response | None = call()
        except requests.RequestException:
            answer = None
        waited = time.monotonic() - began
        self.waited(waited)
        status = BROKEN if answer is None else answer.status_code
        with self.lock:
            part.longest = max(part.longest, waited)
            part.statuses[status] += 1
            if status == BROKEN or status >= 400:
                part.odd[f"{status or 'broken'} {address}"] += 1
            if answer is not None and status == 503 and "Retry-After" not in answer.headers:
                part.without_retry_after += 1
        return answer

    def waited(self, seconds: float) -> None:
        """For who wants every one."""


class Visit:
    """A browser of one person. Every method raises CutShortError when the answer is another than it should be.

    ``before``: is called with the address just before a form is sent; ``network``: the address of the browser.
    """

    def __init__(
        self,
        stage: Stage,
        record: Record,
        email: str,
        before: Callable[[str], None] | None = None,
        network: str = "",
    ) -> None:
        self.stage, self._record, self.email, self._before = stage, record, email, before
        self._session = session(network)
        self.page = ""

    def go(self) -> None:
        """From the sign-in to the sign-out."""
        self.sign_in(self.stage.secrets[self.email])
        self.post(SIGN_OUT, SIGN_IN)

    def give_password(self, target: str, password: str = PASSWORD) -> None:
        self.get(SIGN_IN)
        self.post(SIGN_IN, target, username=self.email, password=password)

    def sign_in(self, secret: str) -> None:
        self.give_password(CODE)
        self.post(CODE, "/", code=pyotp.TOTP(secret).now())

    def get(self, path: str) -> None:
        answer = self._ask("GET", path)
        if answer is None or answer.status_code != 200:
            raise self._cut_short(answer, f"GET {path}")
        self.page = answer.text

    def post(self, path: str, target: str, **values: str) -> str:
        """Send the form of the present page, and get the one that it leads to. ``target``: a pattern; returns what it
        matched."""
        answer = self.send(path, **values)
        found = re.fullmatch(target, answer.headers.get("Location", "")) if answer is not None else None
        if not found:
            raise self._cut_short(answer, f"POST {path}")
        self.get(found[0])
        return found[0]

    def send(self, path: str, **values: str) -> requests.Response | None:
        if self._before:
            self._before(path)
        return self._ask("POST", path, values | {"csrfmiddlewaretoken": token_of(self.page)})

    def follow(self, path: str, target: str) -> None:
        """A link that leads on."""
        answer = self._ask("GET", path)
        if answer is None or answer.headers.get("Location") != target:
            raise self._cut_short(answer, f"GET {target}")
        self.get(target)

    def _ask(self, method: str, path: str, values: dict[str, str] | None = None) -> requests.Response | None:
        call = lambda: self._session.request(  # noqa: E731
            method, self.stage.address + path, data=values, timeout=GIVE_UP, allow_redirects=False
        )
        return self._record.ask(call, f"{method} {re.sub('instellen/.+', 'instellen/…', path)}")

    def _cut_short(self, answer: requests.Response | None, address: str) -> CutShortError:
        if answer is not None and answer.status_code < 400:
            with self._record.lock:
                self._record.now.statuses[WRONG] += 1
                self._record.now.odd[f"{answer.status_code} to {answer.headers.get('Location')}: {address}"] += 1
        return CutShortError(address)


class Changes(Visit):
    """Somebody without a second step switches it on, uses a recovery code, and forgets the password: three changes of
    security state, each with an audit entry and a mail."""

    def go(self) -> None:
        codes = self.activate()
        self.post(SIGN_OUT, SIGN_IN)
        self.use(codes[0])
        self.post(SIGN_OUT, SIGN_IN)
        self.reset_password()

    def activate(self) -> list[str]:
        """The recovery codes."""
        self.give_password("/")
        self.get(DETAILS)
        self.post(ACTIVATE, CONFIRM)
        shown = re.search(r'id="secret"[^>]*>(.*?)</code>', self.page, re.S)
        assert shown
        secret = re.sub(r"<[^>]+>|\s", "", shown[1])
        self.post(CONFIRM, CODES, code=pyotp.TOTP(secret).now(), name="")
        found = re.findall(r"<code translate=\"no\">((?:[0-9A-Z]{4}-){3}[0-9A-Z]{4})</code>", self.page)
        self.post(KEPT, "/")
        return found

    def use(self, code: str) -> None:
        self.give_password(CODE)
        self.get(RECOVERY)
        self.post(RECOVERY, AFTER_RECOVERY, code=code)

    def reset_password(self) -> None:
        self.get(FORGOTTEN)
        self.post(FORGOTTEN, SENT, email=self.email)
        link = self.stage.mailbox.link(self.email, LINK_WITHIN)
        if not link:
            raise CutShortError("no link was mailed")
        self.follow(link, NEW_PASSWORD)
        self.post(NEW_PASSWORD, SIGN_IN, new_password1=ANOTHER_PASSWORD, new_password2=ANOTHER_PASSWORD)


def send_from_two_browsers(stage: Stage, record: Record, email: str, other: Stage | None = None) -> int:
    """One code from two browsers at the same moment, and once more from a third: how many got in. ``other``: where the
    second one goes to."""
    visits = [Visit(where or stage, record, email) for where in (stage, other, stage)]
    for visit in visits:
        visit.give_password(CODE)
    code, got_in = pyotp.TOTP(stage.twins[email]).now(), []

    def send(visit: Visit) -> None:
        answer = visit.send(CODE, code=code)
        if answer is not None and answer.headers.get("Location") == "/":
            got_in.append(visit)

    together = [threading.Thread(target=send, args=[visit]) for visit in visits[:2]]
    for thread in together:
        thread.start()
    for thread in together:
        thread.join()
    send(visits[2])
    return len(got_in)


class Crowd:
    """VISITORS at a time, each person once in turn, a pair with one code, somebody who changes things, and two probes;
    until the block ends. ``changes``: whether anything is changed, which takes a mail server."""

    def __init__(self, stage: Stage, record: Record, visitors: int = VISITORS, *, changes: bool = True) -> None:
        self._stage, self._record = stage, record
        self._over = threading.Event()
        self._people: Iterator[str] = itertools.cycle(stage.secrets)
        self._twins: Iterator[str] = itertools.cycle(stage.twins)
        self._threads = [threading.Thread(target=self._sign_in, daemon=True) for _ in range(visitors)]
        self._threads += [threading.Thread(target=self._probe, args=[path], daemon=True) for path in PROBES]
        self._threads.append(threading.Thread(target=self._send_twice, daemon=True))
        if changes:
            self._threads.append(threading.Thread(target=self._change, daemon=True))

    def __enter__(self) -> Crowd:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_what: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(GIVE_UP)

    def _again_and_again(self, every: float, visit: Callable[[Seen], Any]) -> None:
        while not self._over.is_set():
            began = time.monotonic()
            with suppress(CutShortError):
                visit(self._record.now)
            self._over.wait(max(0.0, began + every - time.monotonic()))

    def _sign_in(self) -> None:
        def visit(part: Seen) -> None:
            with self._record.lock:
                person = next(self._people)
                part.begun += 1
            began = time.monotonic()
            Visit(self._stage, self._record, person).go()
            with self._record.lock:
                part.complete.append((began, time.monotonic()))

        self._again_and_again(EVERY, visit)

    def _send_twice(self) -> None:
        def visit(part: Seen) -> None:
            person = next(self._twins)
            got_in = send_from_two_browsers(self._stage, self._record, person)
            with self._record.lock:
                part.pairs += 1
                part.twice += [person] if got_in > 1 else []

        self._again_and_again(TWINS_EVERY, visit)

    def _change(self) -> None:
        def visit(part: Seen) -> None:
            if self._stage.fresh:
                Changes(self._stage, self._record, self._stage.fresh.pop()).go()
                part.changes += 1

        self._again_and_again(CHANGES_EVERY, visit)

    def _probe(self, path: str) -> None:
        """As a load balancer does, by address and from the portal itself."""
        while not self._over.is_set():
            part, began = self._record.now, time.monotonic()
            try:
                status = str(
                    requests.get(f"http://{self._stage.web.host}:{self._stage.port}{path}", timeout=GIVE_UP).status_code
                )
            except requests.RequestException:
                status = "broken"
            with self._record.lock:
                part.probes[f"{path} {status}"] += 1
                part.longest_probe = max(part.longest_probe, time.monotonic() - began)
            self._over.wait(0.5)

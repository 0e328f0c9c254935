"""People who sign in over HTTP, look at Mijn Omgevingen and sign out, and what each answer was."""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pyotp
import requests
import urllib3

from tests.factories import PASSWORD
from tests.outbound.visitors import token_of
from tests.resilience.portal import Stage
from tests.serving import raw_http

GIVE_UP = 60  # seconds
VISITORS = 4
EVERY = 1.0  # seconds from the beginning of one visit to that of the next
BROKEN = 0  # instead of a status: the connection broke
WRONG = -1  # an answer that does not belong there, for example the form again
urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)


class CutShortError(Exception):
    """The visit could not go on."""


@dataclass
class Seen:
    """In one part of the run. ``odd``: what the answers were that nobody should get, with their address."""

    statuses: Counter[int] = field(default_factory=Counter)
    odd: Counter[str] = field(default_factory=Counter)
    without_retry_after: int = 0
    longest: float = 0.0
    longest_probe: float = 0.0
    probes: Counter[str] = field(default_factory=Counter)
    begun: int = 0
    complete: list[tuple[float, float]] = field(default_factory=list)  # when each complete visit began and ended

    def back_after(self, moment: float) -> float:
        """Seconds from then until a visit that began later was complete; 0 when none was."""
        return min((ended - moment for began, ended in list(self.complete) if began > moment), default=0.0)

    @property
    def requests(self) -> int:
        return sum(count for status, count in self.statuses.items() if status != WRONG)


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
        status = BROKEN if answer is None else answer.status_code
        with self.lock:
            part.longest = max(part.longest, waited)
            part.statuses[status] += 1
            if status == BROKEN or status >= 400:
                part.odd[f"{status or 'broken'} {address}"] += 1
            if answer is not None and status == 503 and "Retry-After" not in answer.headers:
                part.without_retry_after += 1
        return answer


class Visit:
    """One person, from the sign-in to the sign-out."""

    def __init__(self, stage: Stage, record: Record, email: str) -> None:
        self._stage, self._record, self._email = stage, record, email
        self._session = requests.Session()
        self._session.trust_env = False  # else the environment of the machine says which certificates count
        self._session.verify = False
        self._session.headers.update({"Host": raw_http.HOST, "Referer": f"https://{raw_http.HOST}/inloggen/"})

    def go(self) -> None:
        """Raises CutShortError."""
        page = self._get("/inloggen/")
        page = self._post("/inloggen/", page, "/inloggen/verificatie/", username=self._email, password=PASSWORD)
        code = pyotp.TOTP(self._stage.secrets[self._email]).now()
        page = self._post("/inloggen/verificatie/", page, "/", code=code)
        self._post("/uitloggen/", page, "/inloggen/")

    def _get(self, path: str) -> requests.Response:
        call = lambda: self._session.get(self._stage.address + path, timeout=GIVE_UP, allow_redirects=False)  # noqa: E731
        answer = self._record.ask(call, f"GET {path}")
        if answer is None or answer.status_code != 200:
            raise self._cut_short(answer, f"GET {path}")
        return answer

    def _post(self, path: str, page: requests.Response, target: str, **values: str) -> requests.Response:
        """The page that the form leads to."""
        values["csrfmiddlewaretoken"] = token_of(page.text)
        call = lambda: self._session.post(  # noqa: E731
            self._stage.address + path, values, timeout=GIVE_UP, allow_redirects=False
        )
        answer = self._record.ask(call, f"POST {path}")
        if answer is None or answer.headers.get("Location") != target:
            raise self._cut_short(answer, f"POST {path}")
        return self._get(target)

    def _cut_short(self, answer: requests.Response | None, address: str) -> CutShortError:
        if answer is not None and answer.status_code < 400:
            with self._record.lock:
                self._record.now.statuses[WRONG] += 1
                self._record.now.odd[f"{answer.status_code} to {answer.headers.get('Location')}: {address}"] += 1
        return CutShortError(address)


class Crowd:
    """VISITORS at a time, each person once in turn, and two probes; until the block ends."""

    def __init__(self, stage: Stage, record: Record) -> None:
        self._stage, self._record = stage, record
        self._over = threading.Event()
        self._people: Iterator[str] = itertools.cycle(stage.secrets)
        self._threads = [threading.Thread(target=self._sign_in, daemon=True) for _ in range(VISITORS)]
        self._threads += [threading.Thread(target=self._probe, args=[path], daemon=True) for path in PROBES]

    def __enter__(self) -> Crowd:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_what: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(GIVE_UP)

    def _sign_in(self) -> None:
        while not self._over.is_set():
            with self._record.lock:
                person, part = next(self._people), self._record.now
                part.begun += 1
            began = time.monotonic()
            try:
                Visit(self._stage, self._record, person).go()
            except CutShortError:
                pass
            else:
                with self._record.lock:
                    part.complete.append((began, time.monotonic()))
            self._over.wait(max(0.0, began + EVERY - time.monotonic()))

    def _probe(self, path: str) -> None:
        """As a load balancer does, by address and from the portal itself."""
        while not self._over.is_set():
            part, began = self._record.now, time.monotonic()
            try:
                status = str(requests.get(f"http://127.0.0.1:{self._stage.port}{path}", timeout=GIVE_UP).status_code)
            except requests.RequestException:
                status = "broken"
            with self._record.lock:
                part.probes[f"{path} {status}"] += 1
                part.longest_probe = max(part.longest_probe, time.monotonic() - began)
            self._over.wait(0.5)


PROBES = ("/healthz", "/readyz")

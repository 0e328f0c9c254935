"""The rules of the waiting times, as pure functions: what a counter becomes after a wrong attempt.

A thief who has the password gets in with a chance below one in a thousand a year, because of `limits.CODE_CAP`: a
wait that a success resets would only slow guessing down.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import NamedTuple

from accounts import limits


class Kind(StrEnum):
    PASSWORD = "password"  # noqa: S105 - a name, not a password
    CODE = "code"
    RECOVERY_CODE = "recovery_code"
    PASSKEY = "passkey"


Network = tuple[str, int, int]  # its name, wrong passwords in a row, until when it waits


class CounterState(NamedTuple):
    """The state of a counter: wrong attempts so far. Times are seconds since 1970.

    ``failures``: in a row; ``recent``: when, oldest first, as far back as a rule looks; ``waits_until``: nothing is
    judged before it; ``closed``: nothing is judged until the password is set anew by mail; ``forgiven``: how many of
    ``failures`` came before support ended a wait. They cost no wait again, and still count towards the closing;
    ``networks``: of strangers, by network: how many wrong ones in a row, and until when that network waits.
    """

    failures: int = 0
    recent: tuple[int, ...] = ()
    waits_until: int = 0
    closed: bool = False
    forgiven: int = 0
    networks: tuple[Network, ...] = ()

    def waits_until_for(self, network: str) -> int:
        """Until when this network waits; without one, the one that waits longest."""
        return max([self.waits_until, *(until for name, _failures, until in self.networks if network in ("", name))])


def after_failure(state: CounterState, kind: Kind, now: int, *, known: bool, network: str = "") -> CounterState:
    """``known``: the attempt came from a browser in which this person signed in fully before. ``network``: where a
    stranger's attempt came from; the wait is of that network, what counts in a period or closes is of all together."""
    kept = (*state.recent, now)[-limits.CODE_CAP :]
    state = state._replace(failures=state.failures + 1, recent=kept)
    # A wait that runs already is never made shorter.
    waits = [state.waits_until, now + int(_wait(kind, state, known).total_seconds())]
    if network and not known:
        waits[1] = now + int(_wait_of_all(state, kind).total_seconds())
        state = state._replace(networks=_networks_after_failure(state, kind, network, now))
    if known:
        fresh = kept[state.forgiven - state.failures :] if state.forgiven else kept
        waits.append(_full_until(fresh, limits.KNOWN_BROWSER_FAILURES, limits.KNOWN_BROWSER_PERIOD, now))
    elif kind is Kind.CODE:
        waits.append(_full_until(kept, limits.CODE_CAP, limits.CODE_CAP_PERIOD, now))
    closes = _closes(kind, state.failures, known) or (known and kind is Kind.CODE and _is_capped(kept, now))
    return state._replace(waits_until=max(waits), closed=state.closed or closes)


def after_success(state: CounterState, network: str = "") -> CounterState:
    """Clears what counts in a row, never what counts in a period; of the networks the one that it came from, or all."""
    others = tuple(one for one in state.networks if network not in ("", one[0]))
    return state._replace(failures=0, forgiven=0, waits_until=0, networks=others)


def after_lift(state: CounterState, kind: Kind, now: int, *, known: bool) -> CounterState:
    """Support ended the wait: as many attempts are free again as at first. The counts stay, and closed stays closed."""
    cap = 0 if known else full_until(state, kind, now)
    return state._replace(forgiven=state.failures, waits_until=cap, networks=())


def after_success_by_unknown_browser(state: CounterState) -> CounterState:
    """For the closed bucket of a browser whose owner got in as a stranger: open, but what counts in a period stays."""
    return state._replace(failures=0, forgiven=0, waits_until=0, closed=False)


def after_new_password(state: CounterState, kind: Kind, now: int) -> CounterState:
    """The password was set anew by mail: what was closed opens, but the cap over a period stays."""
    until = full_until(state, kind, now)
    return state._replace(failures=0, forgiven=0, closed=False, waits_until=until, networks=())


def full_until(state: CounterState, kind: Kind, now: int) -> int:
    """Until when strangers have used up what they may in a period; 0 when there is room. Nothing shortens it."""
    return _full_until(state.recent, limits.CODE_CAP, limits.CODE_CAP_PERIOD, now) if kind is Kind.CODE else 0


def _wait(kind: Kind, state: CounterState, known: bool) -> timedelta:
    if known:
        return timedelta()
    return _wait_after(kind, state.failures - (state.forgiven if kind is Kind.PASSWORD else 0))


def _wait_after(kind: Kind, failures: int) -> timedelta:
    if kind is Kind.PASSWORD:
        return _wait_of_passwords(failures)
    rounds, left = divmod(failures, limits.CODE_FREE_FAILURES)
    return timedelta() if left else limits.CODE_WAITS[min(rounds, len(limits.CODE_WAITS)) - 1]


def _wait_of_passwords(failures: int) -> timedelta:
    beyond = failures - limits.PASSWORD_FREE_FAILURES
    # The exponent is bounded so that the number stays small.
    wait = limits.PASSWORD_FIRST_WAIT * 2 ** min(beyond, 12) if beyond >= 0 else timedelta()
    return min(wait, limits.PASSWORD_LONGEST_WAIT)


def _wait_of_all(state: CounterState, kind: Kind) -> timedelta:
    """The wait after a wrong password when very many networks try: then none of them has free attempts left. Codes need
    no such rule, because `limits.CODE_CAP` allows far fewer."""
    many = kind is Kind.PASSWORD and state.failures - state.forgiven >= limits.PASSWORD_FAILURES_OF_ALL
    return limits.PASSWORD_LONGEST_WAIT if many else timedelta()


def _networks_after_failure(state: CounterState, kind: Kind, network: str, now: int) -> tuple[Network, ...]:
    """The newest last. The oldest beyond `limits.PASSWORD_NETWORKS` is dropped; its failures stay in the total."""
    others = [one for one in state.networks if one[0] != network]
    failures = 1 + next((failed for name, failed, _until in state.networks if name == network), 0)
    newest = (network, failures, now + int(_wait_after(kind, failures).total_seconds()))
    return (*others, newest)[-limits.PASSWORD_NETWORKS :]


def _full_until(times: tuple[int, ...], most: int, period: timedelta, now: int) -> int:
    """When the oldest of the newest ``most`` attempts leaves the period; 0 when there is room now."""
    if len(times) < most:
        return 0
    until = times[-most] + int(period.total_seconds())
    return until if until > now else 0


def _is_capped(times: tuple[int, ...], now: int) -> bool:
    return _full_until(times, limits.CODE_CAP, limits.CODE_CAP_PERIOD, now) > 0


def _closes(kind: Kind, failures: int, known: bool) -> bool:
    match kind:
        case Kind.PASSWORD:
            return failures >= limits.PASSWORD_MOST_FAILURES
        case Kind.CODE if known:
            return failures >= limits.KNOWN_BROWSER_CLOSED_AFTER
        case Kind.CODE:
            return failures >= limits.CODE_STOLEN_AFTER
        case _:
            return False

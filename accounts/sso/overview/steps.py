"""The steps of the set-up and how far each is. Nothing is stored for it: all follows from the connection, the mail
domains and the newest test sign-in of this session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from accounts.sso.inspection import findings
from accounts.sso.models import Connection, MailDomain
from accounts.sso.setup import readiness
from accounts.sso.setup.readiness import Missing


class State(StrEnum):
    DONE = "done"
    BUSY = "busy"  # begun; something is still lacking, here or elsewhere
    WRONG = "wrong"
    TODO = "todo"


@dataclass(frozen=True)
class Step:
    """``name``: of its template and its place on the page; ``waits``: for somebody else, so the next one can be done
    meanwhile; ``is_next``: the one to do now."""

    name: str
    state: State
    waits: bool = False
    is_next: bool = False


def steps(
    connection: Connection | None, domains: Sequence[MailDomain], *, test_failed: bool, chooses: bool
) -> list[Step]:
    """In order, one of them marked as the next; none when everything is done. ``test_failed``: the newest test sign-in
    did; ``chooses``: another kind of provider is being chosen."""
    kind = State.DONE if connection and not chooses else State.TODO
    found = [
        Step("soort", kind),
        Step("aanbieder", _of_provider(connection)),
        _of_domains(domains),
        Step("proef", _of_test(connection, failed=test_failed), waits=not readiness.can_be_tested(connection)),
        Step("inschakelen", _of_switch(connection), waits=bool(readiness.missing(connection))),
    ]
    left = [step for step in found if step.state is not State.DONE]
    chosen = next((step for step in left if not step.waits), None) or next(iter(left), None)
    return [replace(step, is_next=step is chosen) for step in found]


def _of_provider(connection: Connection | None) -> State:
    if connection is None:
        return State.TODO
    lacking = readiness.missing(connection)
    if Missing.EXPIRED in lacking or Missing.UNREADABLE in lacking or _has_fault(connection):
        return State.WRONG
    return State.BUSY if {Missing.PROVIDER, Missing.PROOF, Missing.CHECK} & set(lacking) else State.DONE


def _has_fault(connection: Connection) -> bool:
    found = findings.from_stored(connection.findings)
    return bool(found) and not findings.is_acceptable(found)


def _of_domains(domains: Sequence[MailDomain]) -> Step:
    """A DNS record may take a day, so an unproved domain keeps nobody from the next step."""
    proved = [domain for domain in domains if domain.proved_at]
    if domains and len(proved) == len(domains):
        return Step("domeinen", State.DONE)
    return Step("domeinen", State.BUSY if domains else State.TODO, waits=bool(domains))


def _of_test(connection: Connection | None, *, failed: bool) -> State:
    if connection is not None and connection.tested_at is not None:
        return State.DONE
    return State.WRONG if failed else State.TODO


def _of_switch(connection: Connection | None) -> State:
    return State.DONE if connection is not None and connection.enabled else State.TODO

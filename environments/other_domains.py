"""The notice before another domain (ASVS 3.7.3): each person reads each host once, and another host anew.

Kept in the database and not in the browser, so that the same person reads nothing again on a phone, and the next
person at a shared computer does. By whole host name: whether two names below one domain have one owner is not known
without the Public Suffix List. Instead, one notice names the other hosts of the same organisation too.
"""

from __future__ import annotations

from collections.abc import Iterator

from accounts import limits
from environments import addresses
from environments.models import Access


def must_be_warned(access: Access) -> bool:
    """Is it at a host that this person was never warned about, in this environment or in another?"""
    host = access.environment.host
    if not is_elsewhere(host) or host == access.known_host:
        return False
    return not Access.objects.filter(user=access.user_id, known_host=host).exists()


def is_elsewhere(host: str) -> bool:
    """Is this another domain than the portal's? A subdomain of the portal's host is controlled by the portal's owner;
    for other names the owner is unknown, so the person is warned."""
    return not any(host == own or host.endswith(f".{own}") for own in addresses.own_hosts())


def beside(access: Access) -> tuple[str, ...]:
    """Other hosts of the same organisation that the person may be warned about in the same notice, in order.

    Not those of another organisation: it decides about other addresses.
    """
    known = set(Access.objects.filter(user=access.user_id).exclude(known_host="").values_list("known_host", flat=True))
    hosts = {host for _pk, host in _of_the_same_organisation(access) if is_elsewhere(host)}
    return tuple(sorted(hosts - known - {access.environment.host}))[: limits.HOSTS_AT_ONCE - 1]


def note(access: Access, agreed: frozenset[str]) -> None:
    """Store that the person was warned about these hosts, of which ``access`` has one already."""
    more = agreed - {access.environment.host}
    one_of_each = {host: pk for pk, host in _of_the_same_organisation(access) if host in more} if more else {}
    for host, pk in one_of_each.items():
        Access.objects.filter(pk=pk).update(known_host=host)


def _of_the_same_organisation(access: Access) -> Iterator[tuple[int, str]]:
    rows = Access.objects.filter(user=access.user_id, environment__organisation=access.environment.organisation_id)
    return ((pk, addresses.host_of(address)) for pk, address in rows.values_list("pk", "environment__address"))

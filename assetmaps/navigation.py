"""Where a person may go: the main menu in the header of every page, and the side menu of the administration.

Each entry is shown to whoever may open its page; the page checks again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise, SimpleLazyObject
from django.utils.translation import gettext_lazy as _

from accounts import policy
from accounts.http_requests import PersonRequest, person
from accounts.session_facts import counted
from environments.models import Environment

ADMINISTRATION = "/beheer/"
DESK = "/beheer/support/"
HELPS = "accounts.reset_second_factor"
ADMINISTERS = ("accounts.change_user", "organisations.change_organisation", "environments.change_environment")


class Entry(NamedTuple):
    """A page in the menu. ``permissions``: any one of them opens it; empty: whoever may enter the administration."""

    url_name: str
    name: Promise
    permissions: tuple[str, ...] = ()


class Link(NamedTuple):
    """An entry as it is shown. ``current``: "page" for the page itself, "true" for a page below it, else empty."""

    name: str
    address: str
    current: str


START = Entry("admin:index", _("Start"))
MENU: tuple[tuple[Promise | None, tuple[Entry, ...]], ...] = (
    (None, (START,)),
    (
        _("People"),
        (
            Entry("admin:accounts_user_changelist", _("People"), ("accounts.view_user", "accounts.change_user")),
            Entry("people_invite", _("Invite colleagues"), ("accounts.add_user",)),
            Entry("admin:environments_access_changelist", _("Access"), ("environments.view_access",)),
        ),
    ),
    (
        _("Security"),
        (
            Entry("organisations", _("Two-step authentication"), ("organisations.view_organisation",)),
            Entry("sso_organisations", _("Business account"), ("organisations.change_organisation",)),
            Entry("audit_activity", _("Security activity"), ("audit.view_auditentry",)),
        ),
    ),
    (
        _("Set-up"),
        (
            Entry("admin:environments_environment_changelist", _("Environments"), ("environments.view_environment",)),
            Entry(
                "admin:organisations_organisation_changelist", _("Organisations"), ("organisations.view_organisation",)
            ),
            Entry("admin:auth_group_changelist", _("Groups"), ("auth.view_group", "auth.change_group")),
            Entry("queue", _("Queue"), ("mail.see_queue",)),  # which nobody has but superusers
        ),
    ),
    (
        _("Support desk"),
        (
            Entry("support_find", _("Find a caller"), (HELPS,)),
            Entry("support_approvals", _("Approvals"), (HELPS,)),
            Entry("support_reports", _("Reports"), (HELPS,)),
        ),
    ),
)


def menus(request: HttpRequest) -> dict[str, object]:
    """Context processor. ``main_menu``: links in the header; ``admin_menu``: groups of links in the administration.

    Lazy: a page that shows neither costs no query.
    """
    return {
        "main_menu": SimpleLazyObject(lambda: _main_menu(request)),
        "admin_menu": SimpleLazyObject(lambda: _admin_menu(request)),
    }


def opens_administration(request: HttpRequest) -> bool:
    """Whether this person may enter the administration, with this session."""
    user = request.user
    if not (user.is_active and user.is_staff):
        return False
    return user.is_verified() or policy.opens_administration(counted(request), is_verified=False)


def first_page(request: PersonRequest) -> str:
    """The path of the page that shows a member of staff their work."""
    user = request.user
    if not opens_administration(request) or Environment.objects.open_to(user).exists():
        return reverse("overview")
    at_desk_only = user.has_perm(HELPS) and not any(map(user.has_perm, ADMINISTERS))
    return DESK if at_desk_only else ADMINISTRATION


def _main_menu(request: HttpRequest) -> list[Link]:
    user = getattr(request, "user", None)
    if not (user and user.is_authenticated):
        return []
    at_desk, in_administration = request.path.startswith(DESK), request.path.startswith(ADMINISTRATION)
    overview = reverse("overview")
    links = [Link(str(_("My Environments")), overview, _mark(request, overview, within=False))]
    if opens_administration(request):
        mark = "" if at_desk or not in_administration else _mark(request, ADMINISTRATION)
        links.append(Link(str(_("Administration")), ADMINISTRATION, mark))
        if user.has_perm(HELPS):
            links.append(Link(str(_("Support desk")), DESK, _mark(request, DESK)))
    return links


def _admin_menu(request: HttpRequest) -> list[tuple[Promise | None, list[Link]]]:
    if not opens_administration(request):
        return []
    groups = ((name, list(_links(request, entries))) for name, entries in MENU)
    return [(name, links) for name, links in groups if links]


def _links(request: HttpRequest, entries: tuple[Entry, ...]) -> Iterator[Link]:
    user = person(request)
    allowed = [entry for entry in entries if not entry.permissions or any(map(user.has_perm, entry.permissions))]
    addresses = {entry: reverse(entry.url_name) for entry in allowed}
    here = [address for address in addresses.values() if request.path.startswith(address)]
    for entry, address in addresses.items():
        # The desk's other pages lie below its first one: only the longest address that fits is the place.
        is_place = bool(here) and address == max(here, key=len) and entry != START
        mark = _mark(request, address, within=is_place)
        yield Link(str(entry.name), address, mark)


def _mark(request: HttpRequest, address: str, *, within: bool = True) -> str:
    """A value of ``aria-current``."""
    if request.path == address:
        return "page"
    return "true" if within and request.path.startswith(address) else ""

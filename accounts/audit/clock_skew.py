"""A clock error in words: that of a phone whose code was refused, for the person, for support and the audit trail."""

from __future__ import annotations

from functools import reduce

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

HOUR, DAY = 60, 24 * 60  # minutes


def duration_in_words(minutes: int) -> str:
    """ "5 minutes", "1 hour and 30 minutes", "1 day"; the sign does not count."""
    days, rest = divmod(abs(minutes), DAY)
    hours, left = divmod(rest, HOUR)
    parts = [
        ngettext("%(count)d day", "%(count)d days", days) % {"count": days} if days else "",
        ngettext("%(count)d hour", "%(count)d hours", hours) % {"count": hours} if hours else "",
        ngettext("%(count)d minute", "%(count)d minutes", left) % {"count": left} if left else "",
    ]
    return reduce(lambda first, then: _("%(first)s and %(then)s") % {"first": first, "then": then}, filter(None, parts))

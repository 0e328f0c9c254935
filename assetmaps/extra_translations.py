"""Texts of Django's administration that are missing from its Dutch catalogue; most are for screen readers.

Only for `makemessages`: the catalogue of this project has precedence over Django's. A test finds the texts that a new
version of Django adds.
"""

from django.utils.translation import gettext_noop

MISSING = [
    gettext_noop("Model name"),
    gettext_noop("Add link"),
    gettext_noop("Change or view list link"),
    gettext_noop("Filter"),
    gettext_noop("Error:"),
    gettext_noop("After you’ve created a user, you’ll be able to edit more user options."),
    gettext_noop("Forgotten your login credentials?"),
    gettext_noop("In case you’ve forgotten, you are:"),
]

"""Sentences of Django's administration that its own Dutch catalogue does not have; screen readers read out most.

Only for `makemessages`: the catalogue of this project counts before Django's. A test finds those that a new version
of Django brings.
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

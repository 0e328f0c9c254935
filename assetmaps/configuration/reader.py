"""The one place where environment variables are read.

django-environ's reader is not used: it resolves a value that begins with `$` as another variable, takes an empty
variable for a value, and puts values into its messages. Its URL parsers are used, by `services`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import TypeVar

from django.core.exceptions import ImproperlyConfigured

from assetmaps.configuration import values
from assetmaps.configuration.errors import UnreadableError

T = TypeVar("T")

BYTE_ORDER_MARK = "\ufeff"  # Windows editors put it before the first name in a file
PREFIXES = ("DJANGO_", "ASSETMAPS_")  # that other programs use for such names
ALIKE = 0.85  # 0 to 1 (difflib): ALLOWED_HOST resembles ALLOWED_HOSTS, DATABASE_URL_OLD does not resemble DATABASE_URL


class Environment:
    """Reads variables from a mapping, such as the environment of the process.

    ``development``: public defaults of required variables, used only while DEBUG is on. Every method raises
    ImproperlyConfigured with one line that names the variable.
    """

    def __init__(self, variables: Mapping[str, str], development: Mapping[str, str]) -> None:
        self._variables = variables
        self._development = development
        self.names: set[str] = set()

    def text(self, name: str) -> str:
        """The value, "" when it is empty or missing.

        Strips what environment files leave around it: white space, a carriage return, a byte order mark, and one pair
        of quotes (`docker --env-file` keeps both kinds). A value that begins with `$` is not expanded.
        """
        self.names.add(name)
        found = self._variables.get(name) or self._variables.get(BYTE_ORDER_MARK + name) or ""
        value = found.strip().strip(BYTE_ORDER_MARK).strip()
        if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
            value = value[1:-1].strip()
        if not value.isprintable():
            raise self._fault(name, "contains a line end, an invisible character or a byte that is not UTF-8.")
        return value

    def read(self, name: str, parse: Callable[[str], T], default: str = "") -> T:
        """What ``parse`` makes of the value, or of ``default`` when there is none."""
        return self._parsed(name, self.text(name) or default, parse)

    def flag(self, name: str) -> bool:
        """True or False; False when there is no value."""
        return self.read(name, values.flag, "false")

    def secrets(self, name: str, parse: Callable[[str], T]) -> T:
        """As `read`, for secrets: refuses the public development values while DEBUG is off."""
        value = self.text(name)
        if not self.flag("DEBUG") and set(values.parts(value)) & set(self._development.values()):
            raise self._fault(name, "holds the development value; choose your own.")
        return self._parsed(name, value, parse)

    def needed(self, name: str, parse: Callable[[str], T]) -> T:
        """As `secrets`, but required while DEBUG is off."""
        if values.parts(self.text(name)):
            return self.secrets(name, parse)
        if not self.flag("DEBUG"):
            raise self._fault(name, "is missing; it is needed while DEBUG is off.")
        return self._parsed(name, self._development[name], parse)

    def look_alikes(self) -> dict[str, str]:
        """Unknown variables, each with the known variable without a value that was probably meant."""
        unset = [name for name in sorted(self.names) if not self._variables.get(name, "").strip()]
        found = {}
        for name in sorted(self._variables):
            if name.removeprefix(BYTE_ORDER_MARK) in self.names:
                continue
            bare = name.upper()
            for prefix in PREFIXES:
                bare = bare.removeprefix(prefix)
            if meant := get_close_matches(bare, unset, 1, ALIKE):
                found[name] = meant[0]
        return found

    def _parsed(self, name: str, value: str, parse: Callable[[str], T]) -> T:
        try:
            return parse(value)
        except UnreadableError as mistake:
            why = str(mistake)
        except Exception:  # whatever a library says about a value could hold a part of it
            why = "cannot be read."
        if value.startswith("$"):
            why += " It begins with $: other variables are not looked up."
        raise self._fault(name, why)  # outside of `except`: the chain of the exception would hold the library's message

    def _fault(self, name: str, why: str) -> ImproperlyConfigured:
        return ImproperlyConfigured(f"The environment variable {name} {why}")

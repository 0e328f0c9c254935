"""A template filter for the attributes of a field."""

from typing import Any

from django import template
from django.forms.utils import flatatt
from django.utils.safestring import SafeString

register = template.Library()


@register.filter
def flat(attrs: dict[str, Any]) -> SafeString:
    """All attributes at once, escaped. Django loops over them: a third of the time of the sign-in page."""
    return flatatt(attrs)

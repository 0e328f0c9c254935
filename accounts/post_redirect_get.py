"""Post/Redirect/Get for refused forms: the errors and what was typed survive one redirect.

An answer straight to a POST plus ``no-store`` makes the back button show the browser's own error page. So a refused
form redirects too, and carries its errors in a short signed cookie; a session would not do, because the sign-in page
has none. Fields that hold secrets are never carried. What a form has as ``told`` is for a script of its page.
"""

import json

from django import forms
from django.conf import settings
from django.core import signing
from django.forms.utils import ErrorDict, ErrorList
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect

COOKIE = f"{settings.COOKIE_PREFIX}refused"
TYPED = f"{settings.COOKIE_PREFIX}typed"
TYPED_SECONDS = 600
SALT = "accounts.post_redirect_get"
LONGEST_VALUE = 300  # characters a field; keeps the cookie below 4096 bytes (ASVS 3.3.5)
LONGEST_ERROR = 1_000  # characters of one sentence; ours are shorter
LONGEST_COOKIE = 3800
SECONDS = 120
SHOWN = "accounts.refusal_shown"
TYPED_SHOWN = "accounts.typed_shown"


def _is_secret(field: forms.Field) -> bool:
    return isinstance(field.widget, forms.PasswordInput) or bool(getattr(field, "is_secret", False))


def _whose(request: HttpRequest) -> str:
    """Who typed it: the next person at the same computer must not see it."""
    user = getattr(request, "user", None)
    return str(user.pk) if user is not None and user.is_authenticated else ""


def redirect_with_errors(request: HttpRequest, form: forms.BaseForm, to: str | None = None) -> HttpResponseRedirect:
    """Send the browser back to the form's page (``to``: this very address), where `restore` shows it again."""
    to = to or request.get_full_path()
    typed = {
        name: str(form.data.get(form.add_prefix(name), ""))[:LONGEST_VALUE]
        for name, field in form.fields.items()
        if not _is_secret(field)
    }
    # Some of Django's sentences repeat what was typed, however long that is.
    errors = {name: [str(text)[:LONGEST_ERROR] for text in texts] for name, texts in form.errors.items()}
    kept = {"page": to.split("?")[0], "typed": typed, "errors": errors, "mark": getattr(form, "page_token", "")}
    kept |= {"whose": _whose(request), "told": getattr(form, "told", "")}
    carried = signing.dumps(kept, salt=SALT, compress=True)
    if len(carried) > LONGEST_COOKIE:
        carried = signing.dumps(kept | {"typed": {}, "mark": ""}, salt=SALT, compress=True)
    response = redirect(to)
    response.set_cookie(COOKIE, carried, max_age=SECONDS, secure=settings.SECURE, httponly=True, samesite="Lax")
    return response


def restore(request: HttpRequest, form: forms.BaseForm) -> forms.BaseForm:
    """Give a fresh form the errors and typed values that were carried to this page, if any."""
    try:
        carried = signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=SECONDS)
    except (signing.BadSignature, json.JSONDecodeError):
        return form
    if carried["page"] != request.path or carried.get("whose") != _whose(request):
        return form
    request.META[SHOWN] = True
    form.data = carried["typed"]
    if carried.get("mark"):  # of the values with which the typed ones were compared
        form.carried_token = carried["mark"]  # type: ignore[attr-defined]
    form.told = carried.get("told", "")  # type: ignore[attr-defined]
    form.is_bound = True
    form._errors = ErrorDict(  # type: ignore[attr-defined]
        {name: _error_list(form, name, texts) for name, texts in carried["errors"].items()}
    )
    _focus_on_first_error(form)
    return form


def _focus_on_first_error(form: forms.BaseForm) -> None:
    """So that a keyboard starts where something is to be mended, and a screen reader reads why."""
    wrong = [name for name in form.fields if name in form.errors]
    if wrong:
        for name, field in form.fields.items():
            field.widget.attrs["autofocus"] = name == wrong[0]


def _error_list(form: forms.BaseForm, name: str, texts: list[str]) -> ErrorList:
    """With the id that the field's ``aria-describedby`` points at; without it the error is tied to nothing."""
    if name not in form.fields:
        return form.error_class(texts, error_class="nonfield", renderer=form.renderer)
    return form.error_class(texts, renderer=form.renderer, field_id=form[name].auto_id)


def keep_typed(response: HttpResponseRedirect, text: str) -> None:
    """For the page to which this answer leads, also when it is loaded again: ``text`` for `typed`."""
    value = signing.dumps([response.url, text], salt=SALT)
    response.set_cookie(TYPED, value, max_age=TYPED_SECONDS, secure=settings.SECURE, httponly=True, samesite="Lax")


def typed(request: HttpRequest) -> str:
    """What `keep_typed` kept for this page; empty when it is too old or was never there."""
    try:
        page, text = signing.loads(request.COOKIES.get(TYPED, ""), salt=SALT, max_age=TYPED_SECONDS)
    except (signing.BadSignature, ValueError):
        return ""
    if page != request.path:
        return ""
    request.META[TYPED_SHOWN] = True
    return str(text)


def forget(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Drop the carried errors after they were shown once, and what was typed when its page was left for another."""
    if request.META.get(SHOWN):
        response.delete_cookie(COOKIE, samesite="Lax")
    is_page = request.method == "GET" and response.get("Content-Type", "").startswith("text/html")
    if TYPED in request.COOKIES and is_page and not request.META.get(TYPED_SHOWN):
        response.delete_cookie(TYPED, samesite="Lax")
    return response


def forget_all(response: HttpResponse) -> HttpResponse:
    """Drop both: somebody signed out, and somebody else may sit down."""
    for name in (COOKIE, TYPED):
        response.delete_cookie(name, samesite="Lax")
    return response

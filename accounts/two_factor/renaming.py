"""The page that renames a device, of whatever kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from accounts.audit.origin import Origin
from accounts.edit_conflicts.forms import deleted_message, was_shown
from accounts.http_requests import PersonRequest
from accounts.models import User
from accounts.post_redirect_get import redirect_with_errors, restore
from accounts.two_factor.forms import NameForm
from accounts.two_factor.models import Authenticator, Passkey

Rename = Callable[[User, Any, str, Origin], None]  # the person, the device, its new name


def page(
    request: PersonRequest, pk: int, model: type[Authenticator] | type[Passkey], rename: Rename, *, title: Promise
) -> HttpResponse:
    """``rename``: stores and records it. Of a device that was removed while somebody typed, the page says so."""
    mine: Any = model._default_manager.filter(pk=pk, user=request.user, confirmed=True)
    device = mine.first()
    if device is None:
        if not was_shown(request.POST, _key(model, pk), request.user.pk):
            raise Http404
        messages.error(request, deleted_message())
        return redirect("personal_details")
    if request.method != "POST":
        context = {"form": restore(request, _form(request, device)), "title": title}
        return render(request, "accounts/two_factor/rename.html", context)
    with transaction.atomic():
        device = mine.select_for_update().first()
        if device is None:  # removed meanwhile
            raise Http404
        form = _form(request, device)
        if not form.is_valid():
            return redirect_with_errors(request, form)
        if form.has_changed():
            rename(request.user, device, form.cleaned_data["name"], Origin.of(request))
    messages.success(request, _("The name is saved."))
    return redirect("personal_details")


def _form(request: PersonRequest, device: Authenticator | Passkey) -> NameForm:
    form = NameForm(request.POST or None, initial={"name": device.name})
    if isinstance(device, Passkey):
        form.fields["name"].label = _("Name of this passkey")
    form.of(_key(type(device), device.pk), request.user.pk)
    return form


def _key(model: type[Authenticator] | type[Passkey], pk: int) -> str:
    """By which the form recognises what it showed."""
    return f"{'passkey' if model is Passkey else 'device'}/{pk}"

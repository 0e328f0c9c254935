"""Addresses whose views are imported when they are first asked for.

A process shows few of all pages; what only the others need (the administration, single sign-on, spreadsheets) would
cost time at the start, and memory as long as it runs. Names and `reverse` need no view:

    views = Views("accounts.sign_in.password.views")
    urlpatterns = [path("inloggen/", views.sign_in, name="sign_in")]
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from importlib import import_module
from typing import Any

from django import urls
from django.urls import URLPattern, URLResolver
from django.urls.resolvers import RoutePattern

_loading = threading.Lock()
_is_loaded = False


class View:
    """A view that is not imported yet; its names are those that Django reads of a function."""

    def __init__(self, module: str, name: str, prepare: Callable[[Callable], Callable] | None = None) -> None:
        self.__module__ = module
        self.__name__ = self.__qualname__ = name
        self._prepare = prepare

    def load(self) -> Callable:
        """Raises ImportError or AttributeError when there is no such view."""
        view: Callable = getattr(import_module(self.__module__), self.__name__)
        return self._prepare(view) if self._prepare else view


class Views:
    """Each attribute is the view of that name in a module."""

    _prepare: Callable[[Callable], Callable] | None = None

    def __init__(self, module: str) -> None:
        self._module = module

    def __getattr__(self, name: str) -> View:
        return View(self._module, name, self._prepare)


class StaffViews(Views):
    """The same, each behind the access check of the administration."""

    @staticmethod
    def _prepare(view: Callable) -> Callable:
        load_administration()
        from django.contrib import admin  # here, to save start-up time

        guarded: Callable = admin.site.admin_view(view)
        return guarded


def path(route: str, view: Any, name: str | None = None) -> URLPattern | URLResolver:
    """As `django.urls.path`; takes a `View` too."""
    if isinstance(view, View):
        return Pattern(RoutePattern(route, name=name, is_endpoint=True), view, None, name)  # type: ignore[arg-type]
    return urls.path(route, view, name=name)


class Pattern(URLPattern):
    """As Django's. Its view is loaded before the first request is resolved, so that middleware sees the view itself."""

    def load(self) -> Callable:
        """The view."""
        if isinstance(self.callback, View):
            self.callback = self.callback.load()
        return self.callback

    def resolve(self, path: str) -> Any:
        if isinstance(self.callback, View) and self.pattern.match(path):
            self.load()
        return super().resolve(path)

    def check(self) -> list:
        self.load()  # so `manage.py check` fails on a view that does not exist
        return super().check()


class Namespace(URLResolver):
    """An included module that is imported when an address of this namespace is resolved or reversed."""

    def __init__(self, route: str, module: str, namespace: str) -> None:
        super().__init__(RoutePattern(route), module, app_name=namespace, namespace=namespace)

    def _populate(self) -> None:
        """Django calls this when an address elsewhere is reversed, but needs no more of this than the namespace: names
        inside it are found by a resolver of Django's own (`get_ns_resolver`)."""


def load_administration() -> None:
    """Import the `admin` module of every app, which registers its pages; once, also for two first requests at once."""
    global _is_loaded
    from django.contrib import admin  # here, to save start-up time: few processes show the administration

    with _loading:
        if not _is_loaded:
            admin.autodiscover()
            _is_loaded = True

"""After a form nothing redirects to another site: Chromium stops that by `form-action 'self'`."""

from __future__ import annotations

import pytest
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.test import Client, RequestFactory

from assetmaps.middleware import external_redirects
from tests.codes import code_of
from tests.factories import PASSWORD, EnvironmentFactory, UserFactory


@pytest.mark.django_db
@pytest.mark.parametrize("with_totp", [False, True])
def test_signing_in_on_the_way_to_an_environment_goes_over_a_page_in_between(client: Client, with_totp: bool) -> None:
    # ASVS 3.4.3, 3.7.2
    person = UserFactory(with_totp=with_totp)
    own = f"/omgevingen/{EnvironmentFactory(people=[person], people__told=True).slug}/"
    response = client.post("/inloggen/", {"username": person.email, "password": PASSWORD, "next": own})
    if with_totp:
        response = client.post("/inloggen/verificatie/", {"code": code_of(person)})
    text = response.content.decode()
    assert response.status_code == 200
    assert f'<meta http-equiv="refresh" content="0; url={own}">' in text
    assert f'href="{own}"' in text
    assert text.count("<h1") == 1
    assert "no-store" in response["Cache-Control"]
    assert int(response["Content-Length"]) == len(response.content)  # else the server cuts the page off
    assert client.get(own).status_code == 302  # signed in: the cookie came with the page


def answer_to(method: str, location: str) -> HttpResponse:
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(location)

    return external_redirects(view)(RequestFactory().generic(method, "/"))


@pytest.mark.parametrize("location", ["https://idp.voorbeeld.nl/?a=1&b=%22", "//elders.example/x"])
def test_other_sites_are_reached_over_the_page_in_between(location: str) -> None:
    response = answer_to("POST", location)
    assert response.status_code == 200
    assert "Location" not in response.headers
    assert location.replace("&", "&amp;") in response.content.decode()


@pytest.mark.parametrize(
    ("method", "location"),
    [("POST", "/"), ("POST", "/bestaat-niet/"), ("POST", "?a=1"), ("GET", "https://elders.example/")],
)
def test_every_other_redirect_stays_one(method: str, location: str) -> None:
    assert answer_to(method, location).status_code == 302

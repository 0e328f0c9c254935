from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.edit_conflicts.forms import MergedForm
from accounts.sso.assurance import is_single_factor
from accounts.sso.issuers import Flaw, IssuerRefusedError, normalise
from accounts.sso.models import MissingProof, Vouching
from accounts.sso.setup.wording import one_factor

FLAWS = {
    Flaw.NOT_AN_ADDRESS: _(
        "This is not an address or a tenant id. Copy it from your provider, with https:// in front."
    ),
    Flaw.NOT_ENCRYPTED: _("The address of the provider must begin with https://."),
    Flaw.SHARED_TENANT: _(
        "“common”, “organizations” and “consumers” stand for every Microsoft account in the world. "
        "Fill in the tenant id of your own organisation."
    ),
}
VOUCHING = [
    (
        Vouching.OURS,
        _("Nobody: the portal always asks its own code as well. The safest choice when you are not sure."),
    ),
    (Vouching.AMR, _("Your provider, with the claim “amr”: the list there contains a value, for example “mfa”.")),
    (Vouching.ACRS, _("Your provider, with the claim “acrs” (Entra ID with Conditional Access), for example “c1”.")),
    (Vouching.ACR, _("Your provider, with the claim “acr”: it is exactly one value.")),
    (
        Vouching.AGREEMENT,
        _(
            "Your organisation, by agreement: everybody there always uses a second step, but the provider does not "
            "show it. This does not open the administration."
        ),
    ),
]
MISSING_PROOF = [
    (MissingProof.ASK_OURS, _("The portal asks for its own code. Whoever has none sets it up first.")),
    (MissingProof.REFUSE, _("The portal refuses the sign-in and says whom to ask.")),
]
GROUP_CLAIMS = [
    ("", _("None: everybody gets the environments that are open at the first visit")),
    ("groups", _("The claim “groups”")),
    ("roles", _("The claim “roles”")),
]


class ProviderForm(MergedForm, forms.Form):
    issuer = forms.CharField(
        label=_("Issuer, or tenant id of Entra ID"),
        max_length=300,
        help_text=_("For example 1b2c3d4e-5f60-4711-8a9b-0c1d2e3f4a5b or https://login.example.nl/realms/company."),
        error_messages={"required": _("Fill in the issuer or the tenant id.")},
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}),
    )
    client_id = forms.CharField(
        label=_("Client id"),
        max_length=200,
        help_text=_("With Entra ID: “Application (client) ID”."),
        error_messages={"required": _("Fill in the client id.")},
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}),
    )

    def __init__(self, *args: object, http_allowed: frozenset[str] = frozenset(), **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.http_allowed = http_allowed

    def clean_issuer(self) -> str:
        try:
            return normalise(self.cleaned_data["issuer"], http_allowed=self.http_allowed)
        except IssuerRefusedError as refused:
            raise forms.ValidationError(FLAWS[refused.flaw]) from None


class SecondStepForm(MergedForm, forms.Form):
    linked_fields = frozenset({"vouching", "value"})  # never merge one of the two from a parallel change
    vouching = forms.ChoiceField(
        label=_("Who shows that somebody used a second step?"), choices=VOUCHING, widget=forms.RadioSelect
    )
    value = forms.CharField(
        label=_("Value of the claim"),
        max_length=100,
        required=False,
        help_text=_("Only with “amr”, “acrs” or “acr”. A test sign-in shows which values your provider sends."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}),
    )
    missing_proof = forms.ChoiceField(
        label=_("What if the claim is missing?"), choices=MISSING_PROOF, widget=forms.RadioSelect
    )

    def clean(self) -> dict[str, str]:
        data = super().clean() or {}
        by_claim = data.get("vouching") in (Vouching.AMR, Vouching.ACR, Vouching.ACRS)
        if by_claim and not data.get("value"):
            self.add_error("value", _("Fill in the value that shows the second step."))
        elif by_claim and is_single_factor(data["value"]):
            self.add_error("value", one_factor())
        if not by_claim:
            data["value"] = ""
        return data


class PeopleForm(MergedForm, forms.Form):
    make_on_arrival = forms.BooleanField(
        label=_("Make an account for colleagues at their first visit"),
        required=False,
        help_text=_("Otherwise only people whom you invited get in."),
    )
    group_claim = forms.ChoiceField(
        label=_("Which claim decides about the environments?"),
        choices=GROUP_CLAIMS,
        required=False,
        widget=forms.RadioSelect,
    )


class EmergencyAccountForm(MergedForm, forms.Form):
    person = forms.ChoiceField(label=_("Emergency account"), required=False)

    def __init__(self, *args: object, people: list[tuple[int, str]], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        choices = [("", _("None")), *((str(pk), label) for pk, label in people)]
        self.fields["person"].choices = choices  # type: ignore[attr-defined]

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.edit_conflicts.forms import MergedForm
from accounts.sso.assurance import is_single_factor
from accounts.sso.models import MissingProof, Vouching
from accounts.sso.setup.wording import one_factor

VOUCHING = [
    (
        Vouching.OURS,
        _("Nobody: the portal asks its own code as well. The safest choice."),
    ),
    (Vouching.AMR, _("Your provider, with the claim “amr”, for example “mfa”.")),
    (Vouching.ACRS, _("Your provider, with the claim “acrs” (Entra ID with Conditional Access), for example “c1”.")),
    (Vouching.ACR, _("Your provider, with the claim “acr”.")),
    (
        Vouching.AGREEMENT,
        _(
            "Your organisation, by agreement: everybody there always uses a second step. This does not open the "
            "administration."
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


class SecondStepForm(MergedForm, forms.Form):
    linked_fields = frozenset({"vouching", "value"})  # never merge one of the two from a parallel change
    vouching = forms.ChoiceField(
        label=_("Who shows that somebody used a second step?"), choices=VOUCHING, widget=forms.RadioSelect
    )
    value = forms.CharField(
        label=_("Value of the claim"),
        max_length=100,
        required=False,
        help_text=_("Only with “amr”, “acrs” or “acr”. A test sign-in shows the values."),
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

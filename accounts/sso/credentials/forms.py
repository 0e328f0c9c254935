from __future__ import annotations

from collections.abc import Callable
from datetime import date

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.edit_conflicts.forms import MergedForm
from accounts.sso.credentials import key_pairs
from accounts.sso.issuers import Flaw, IssuerRefusedError
from accounts.sso.provider.client import GOOGLE
from accounts.sso.setup.kinds import Kind

FLAWS = {
    Flaw.NOT_AN_ADDRESS: _(
        "This is not an address or a tenant id. Copy it from your provider, with https:// in front."
    ),
    Flaw.NOT_ENCRYPTED: _("The address of the provider must begin with https://."),
    Flaw.SHARED_TENANT: _(
        "“common”, “organizations” and “consumers” stand for every Microsoft account in the world. "
        "Fill in the tenant id of your own organisation."
    ),
    Flaw.NO_TENANT: _("Entra ID does not know this mail domain. Fill in the “Directory (tenant) ID”."),
}
# Label, help and the sentence when it is empty, of the field that becomes the issuer.
ISSUER_WORDS = {
    Kind.ENTRA: (
        _("Tenant id or mail domain"),
        _("“Directory (tenant) ID”, or just what stands behind the @."),
        _("Fill in the tenant id or a mail domain."),
    ),
    Kind.KEYCLOAK: (
        _("Address of the realm"),
        _("Copy “OpenID Endpoint Configuration” from “Realm settings”, or the address of the realm."),
        _("Fill in the address of the realm."),
    ),
    Kind.OTHER: (
        _("Issuer"),
        _("Or the address that ends in /.well-known/openid-configuration."),
        _("Fill in the issuer or the tenant id."),
    ),
}


def issuer_label(kind: Kind) -> str:
    """The label of the field that becomes the issuer; empty where there is none."""
    return str(ISSUER_WORDS[kind][0]) if kind in ISSUER_WORDS else ""


PLAIN = {"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}


class SecretForm(MergedForm, forms.Form):
    secret = forms.CharField(
        label=_("Secret"),
        max_length=500,
        strip=True,
        help_text=_("It is not shown again."),
        error_messages={"required": _("Fill in the secret.")},
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    expires_on = forms.DateField(
        label=_("Expires on (optional)"),
        required=False,
        help_text=_("We send a mail in time, so that you can make a new one."),
        error_messages={"invalid": _("Fill in a date, for example 31-12-2027.")},
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )

    def explain_secret(self, kind: Kind) -> None:
        if kind is Kind.ENTRA:
            self.fields["secret"].help_text = _(
                "The “Value” of the client secret, not the “Secret ID”. It is not shown again."
            )

    def clean_expires_on(self) -> date | None:
        expires: date | None = self.cleaned_data["expires_on"]
        if expires and expires < timezone.localdate():
            raise forms.ValidationError(_("This date has passed. Make a new secret at the provider."))
        return expires


class ProviderForm(SecretForm):
    """Everything that the provider gives, in one form. Without a secret the one that is stored stays."""

    field_order = ("issuer", "client_id", "secret", "expires_on")
    issuer = forms.CharField(max_length=300, widget=forms.TextInput(attrs=PLAIN))
    client_id = forms.CharField(
        label=_("Client id"),
        max_length=200,
        error_messages={"required": _("Fill in the client id.")},
        widget=forms.TextInput(attrs=PLAIN),
    )

    def __init__(self, *args: object, kind: Kind, find_issuer: Callable[[str], str], **kwargs: object) -> None:
        """``find_issuer``: from what was typed; raises IssuerRefusedError."""
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.find_issuer, self.fields["secret"].required = find_issuer, False
        self.explain_secret(kind)
        if kind is Kind.GOOGLE:
            del self.fields["issuer"]
            return
        field = self.fields["issuer"]
        field.label, field.help_text, field.error_messages["required"] = ISSUER_WORDS[kind]
        if kind is Kind.ENTRA:
            self.fields["client_id"].help_text = _("“Application (client) ID”.")

    def clean_issuer(self) -> str:
        try:
            return self.find_issuer(self.cleaned_data["issuer"])
        except IssuerRefusedError as refused:
            raise forms.ValidationError(FLAWS[refused.flaw]) from None

    def clean(self) -> dict[str, object]:
        data = super().clean() or {}
        if data.get("expires_on") and "secret" in data and not data["secret"]:
            self.add_error("secret", self.fields["secret"].error_messages["required"])
        return data if "issuer" in self.fields else {"issuer": GOOGLE} | data


class KeyPairForm(forms.Form):
    kind = forms.ChoiceField(
        label=_("Kind of key"), choices=key_pairs.Kind.choices, initial=key_pairs.Kind.RSA, widget=forms.RadioSelect
    )

    def __init__(self, *args: object, for_entra: bool, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        if for_entra:  # which takes no other
            rsa = key_pairs.Kind.RSA
            self.fields["kind"].choices = [(rsa.value, rsa.label)]  # type: ignore[attr-defined]

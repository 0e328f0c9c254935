from __future__ import annotations

from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts import limits, rate_limits
from accounts.models import User
from accounts.organisations import memberships, scope
from accounts.organisations.models import Organisation
from accounts.unicode_text import folded
from environments.models import Environment
from environments.people import flows, list_reader
from environments.people.flows import Refusal
from environments.people.models import Why
from environments.people.reading.types import LONGEST_CELL, Unreadable

ACCEPTED = [*(".csv", ".txt", ".tsv", ".xlsx", ".xlsm", ".ods", ".vcf"), *("text/csv", "text/plain", "text/vcard")]
_SAVE_ANEW = _("Open it, choose “Save as” and then “Excel workbook (.xlsx)”, and offer that file.")
UNREADABLE = {
    Unreadable.PASSWORD: _("This workbook has a password. Save a copy without one, and offer that."),
    Unreadable.OLD_EXCEL: format_lazy("{} {}", _("This is a workbook of an old Excel (.xls)."), _SAVE_ANEW),
    Unreadable.OTHER_WORKBOOK: format_lazy("{} {}", _("This kind of workbook cannot be read."), _SAVE_ANEW),
    Unreadable.NUMBERS: _("This comes from Numbers. Choose File > Export to > Excel there, and offer that file."),
    Unreadable.WORD: _("This is a text document. Copy the people in it, and paste them here."),
    Unreadable.PDF: _("This is a PDF. Copy the people in it, and paste them here."),
    Unreadable.MAIL: _("This is a mail. Open it, copy the people in it, and paste them here."),
    Unreadable.CONTACTS: _(
        "This is an address book that cannot be read. Export it as CSV or vCard, and offer that file."
    ),
    Unreadable.WEB_PAGE: format_lazy("{} {}", _("This is a web page, whatever its name says."), _SAVE_ANEW),
    Unreadable.ARCHIVE: _("This is a packed file. Unpack it, and offer the list inside."),
    Unreadable.OTHER: _(
        "This file is not a list. Offer a workbook (.xlsx, .ods) or a CSV file, or paste the people here."
    ),
    Unreadable.DAMAGED: format_lazy("{} {}", _("This workbook is damaged."), _SAVE_ANEW),
    Unreadable.TOO_LONG: _("This list is too long. Offer it in parts."),
    Unreadable.BUSY: _("Other lists are being read right now. Offer this one again in a minute."),
    Unreadable.TOO_LARGE: _("This workbook is too large. Copy only the people into a new one, and offer that."),
}
TOO_MANY_ADDRESSES = _(
    "You have filled in many e-mail addresses one by one. Invite more people with a list, or go on in an hour."
)
FOREIGN = _("This e-mail address is of a mail domain that %(organisation)s proved. It can be used there only.")
REFUSALS = {
    Refusal.ONESELF: ("is_active", _("You cannot deactivate yourself. Ask a colleague.")),
    Refusal.LAST_SUPERUSER: (None, _("This is the last superuser. First make somebody else a superuser.")),
    Refusal.EMERGENCY_ACCOUNT: (
        None,
        _(
            "This is the emergency account of an organisation that takes the business account only, so it must stay. "
            "First name another emergency account there."
        ),
    ),
}


class OrganisationField(forms.CharField):
    """The name or short name of an organisation in the worker's scope, with the first ones as suggestions.

    A select would have thousands of options; this works without JavaScript too.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, label=_("Organisation"), max_length=150, **kwargs)
        self.choosable = Organisation.objects.none()

    def set_choices(self, worker: User, list_id: str) -> None:
        self.choosable = Organisation.objects.filter(scope.organisations(worker))
        self.widget.attrs |= {"list": list_id, "autocomplete": "off"}

    def clean(self, value: Any) -> Any:
        typed = super().clean(value)
        if not typed:
            return None
        for lookup, value in (("slug", typed), ("name", typed), ("name_key", folded(typed))):
            if found := self.choosable.filter(**{lookup: value}).first():
                return found
        raise forms.ValidationError(_("There is no organisation with this name. Choose one from the list."))


class PersonForm(forms.ModelForm):
    """For the admin site. ``worker`` and ``chosen`` are set on a subclass for each request."""

    worker: User
    chosen: Organisation | None  # whose environments are offered to a new person

    organisation = OrganisationField(
        required=False, help_text=_("Another organisation closes every environment of the present one.")
    )
    opens = forms.ModelMultipleChoiceField(
        Environment.objects.none(),
        required=False,
        label=_("Environments"),
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = User
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["opens"]
        self.offered = offered_environments(self.worker, self.instance, self.chosen)
        field.queryset = self.offered  # type: ignore[attr-defined]
        if self.instance.pk:
            mine = self.offered.filter(access__user=self.instance)
            self.initial["opens"] = list(mine.values_list("pk", flat=True))
        field.disabled = not all(map(self.worker.has_perm, (flows.MAY_GIVE, flows.MAY_TAKE)))
        if self.instance.pk and may_move(self.worker, self.instance):
            self.fields["organisation"].set_choices(self.worker, "organisations")  # type: ignore[attr-defined]
            self.initial["organisation"] = str(self.chosen or "")
        else:
            del self.fields["organisation"]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        before = User.objects.filter(pk=self.instance.pk).first()
        if before is not None:
            flags = {name: data.get(name, getattr(before, name)) for name in ("is_active", "is_superuser")}
            moves = data.get("organisation", self.chosen) != self.chosen
            why = flows.refusal(before, **flags, actor=self.worker, moves=moves)
            if why is not None:
                self.add_error(*REFUSALS[why])
        self._check_address(data.get("email", before.email if before else ""), data, before)
        return data

    def _check_address(self, address: str, data: dict[str, Any], before: User | None) -> None:
        """Refuse a changed address that is somebody else's, or in a mail domain that another organisation proved."""
        organisation = data.get("organisation", self.chosen) if "organisation" in self.fields else self.chosen
        moved = organisation != self.chosen
        if not address or (before is not None and address == before.email and not moved):
            return
        owners = memberships.foreign([address], organisation.pk if organisation else None)
        others = User.objects.filter(email__lower=address.lower()).exclude(pk=self.instance.pk)
        # Workers for one organisation get the same message for both, so that it does not reveal who exists elsewhere.
        for_all = scope.works_for_all(self.worker)
        if not for_all and not self._may_type():
            self.add_error("email", str(TOO_MANY_ADDRESSES))
            return
        if for_all and owners:
            told = FOREIGN % {"organisation": owners[address]}
            self.add_error("organisation" if moved else "email", told)
        elif owners or (not for_all and others.exclude(scope.people(self.worker)).exists()):
            self.add_error("email", str(Why.ELSEWHERE.label))

    def _may_type(self) -> bool:
        limit, period = limits.ADDRESSES_TYPED, limits.ADDRESSES_TYPED_PERIOD
        return rate_limits.consume("addresses-typed-by", str(self.worker.pk), limit=limit, period=period)


def may_move(worker: User, subject: User) -> bool:
    """Only workers for every organisation; their own organisation only as a superuser."""
    return worker.is_superuser or (scope.works_for_all(worker) and worker.pk != subject.pk)


def offered_environments(worker: User, subject: User, organisation: Organisation | None) -> Any:
    """Those of the person's organisation and the others that the person can open, in the worker's scope."""
    mine = Environment.objects.filter(organisation=organisation) if organisation else Environment.objects.none()
    if subject.pk:
        mine = mine | Environment.objects.filter(pk__in=subject.access.values("environment"))
    return mine.filter(scope.organisations(worker, "organisation_id")).order_by("name", "pk")


class ChooseOrganisationForm(forms.Form):
    organisation = OrganisationField(required=False)

    def __init__(self, *args: Any, worker: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organisation"].set_choices(worker, "organisations")  # type: ignore[attr-defined]


class ImportForm(ChooseOrganisationForm):
    """``own``: the only organisation that this worker can invite for, which then is no question."""

    organisation = OrganisationField(error_messages={"required": _("Choose the organisation of these people.")})
    text = forms.CharField(
        label=_("Paste the list"),
        required=False,
        help_text=_("One person a line, or copied from Excel, Outlook or a mail."),
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false", "autocomplete": "off"}),
    )
    file = forms.FileField(
        label=_("Or choose a file"),
        required=False,
        help_text=_("Excel, LibreOffice, CSV or contacts."),
        widget=forms.FileInput(attrs={"accept": ",".join(ACCEPTED)}),
        error_messages={"empty": _("There are no people in this list.")},
    )
    environments = forms.ModelMultipleChoiceField(
        Environment.objects.none(),
        required=False,
        label=_("Environments"),
        help_text=_("For everybody without environments in the list."),
        widget=forms.CheckboxSelectMultiple,
    )
    environments.is_secret = True  # type: ignore[attr-defined] # of several values the cookie would keep one
    text.is_secret = True  # type: ignore[attr-defined] # a list of people does not belong in a cookie, nor half of it
    file.is_secret = True  # type: ignore[attr-defined]

    def __init__(self, *args: Any, worker: User, **kwargs: Any) -> None:
        super().__init__(*args, worker=worker, **kwargs)
        first = list(self.fields["organisation"].choosable[:2])  # type: ignore[attr-defined]
        self.own = first[0] if len(first) == 1 else None
        if self.own:
            del self.fields["organisation"]
        self._offer_environments(worker)

    def _offer_environments(self, worker: User) -> None:
        """To tick, when all together fit into a line of the list; more of them can be named in the list itself."""
        mine = Environment.objects.filter(organisation=self.own) if self.own else Environment.objects.none()
        self.known = {name.lower() for one in mine for name in (one.name, one.slug)}
        written = " | ".join(list_reader.name_for(one.name, one.slug) for one in mine)
        if written and len(written) <= LONGEST_CELL and worker.has_perm(flows.MAY_GIVE):
            self.fields["environments"].queryset = mine.order_by("name", "pk")  # type: ignore[attr-defined]
        else:
            del self.fields["environments"]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        data["organisation"] = self.own or data.get("organisation")
        if self.errors:
            return data
        text, file = data.get("text", ""), data.get("file")
        if text and file:
            raise forms.ValidationError(_("Paste a list or choose a file, not both."))
        if file and file.size > limits.IMPORT_BYTES:
            raise forms.ValidationError(
                _("This file is larger than %(most)d MB. Copy only the people into a new one, and offer that.")
                % {"most": limits.IMPORT_BYTES // 1_000_000}
            )
        found = list_reader.read_file(file.read()) if file else list_reader.read(text)
        if isinstance(found, Unreadable):
            raise forms.ValidationError(UNREADABLE[found])
        if not found.rows and not found.left:
            raise forms.ValidationError(_("There are no people in this list."))
        count = len(found.rows) + found.left
        if count > limits.IMPORT_LINES:
            raise forms.ValidationError(
                _("This list has %(found)s lines. Offer at most %(most)s at a time.")
                % {"found": count, "most": limits.IMPORT_LINES}
            )
        chosen = [list_reader.name_for(one.name, one.slug) for one in data.get("environments", ())]
        data["listing"] = list_reader.with_environments(found, chosen, self.known)
        return data

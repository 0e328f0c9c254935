"""The findings of pa11y, and the list of rules that do not count as findings; those are counted separately."""

from __future__ import annotations

from dataclasses import dataclass

REVIEW = "axe could not decide"
OUTDATED = "H98 on an e-mail field that is the user name"
WARNING = "HTML CodeSniffer, warnings"
DJANGO = "templates of Django's own forms in the administration"
EMPTY = "H32.2 on the form of the stars where no star is shown"
NOTICE = "HTML CodeSniffer, notices"
APART = {
    REVIEW: "for a person to look at; each rule is counted by itself",
    OUTDATED: "allowed by the HTML standard since 2020 (control group Username); the rule knows an older list",
    EMPTY: "it holds a token and no control, so there is nothing to send; each star is a button of this form",
    DJANGO: "names that these rules want elsewhere than Django puts them, and rows that are not shown; counted by rule",
    WARNING: "what it cannot judge itself, such as contrast over a transparent ground; axe measures that",
    NOTICE: "reminders that it gives on every page",
}
BY_RULE = (REVIEW, DJANGO)
# Of each rule, what marks the tag in Django's template. Anything else that breaks the rule is a finding.
OF_DJANGO = {
    "empty-table-header": '<th class="original"',
    "1_3_1.H71.NoLegend": '<fieldset class="module ',
    "4_1_2.H91.Fieldset.Name": '<fieldset class="module ',
    "3_2_2.H32.2": 'id="access_form"',  # who may look and not change gets the form without its buttons
    "1_3_1.F68": "-__prefix__-",
    "4_1_2.H91.InputText.Name": "-__prefix__-",
}


@dataclass(frozen=True)
class Issue:
    runner: str
    code: str
    type: str
    message: str
    context: str
    selector: str
    undecided: bool

    def __str__(self) -> str:
        return f"{self.runner} {self.code}: {self.message} {self.selector} {self.context[:160]}".replace("\n", " ")

    @property
    def apart(self) -> str | None:
        """Why it is no finding: a key of `APART`, or None."""
        if any(self.code.endswith(rule) and mark in self.context for rule, mark in OF_DJANGO.items()):
            return REVIEW if self.undecided else DJANGO
        if self.runner == "axe":  # whatever its weight is, a violation is a finding
            return REVIEW if self.undecided else None
        if self.type != "error":
            return WARNING if self.type == "warning" else NOTICE
        if self.code.endswith("1_3_5.H98") and _is_user_name_by_mail(self.context):
            return OUTDATED
        if self.code.endswith("3_2_2.H32.2") and 'id="favourite"' in self.context:
            return EMPTY
        return None

    @property
    def named(self) -> str:
        """The reason as it is counted, with the rule where several hide behind one reason."""
        rule = self.code.removeprefix("WCAG2AA.").split(".")[-3:]
        return f"{self.apart}: {'.'.join(rule)}" if self.apart in BY_RULE else str(self.apart)


def _is_user_name_by_mail(tag: str) -> bool:
    return 'type="email"' in tag and 'autocomplete="username"' in tag

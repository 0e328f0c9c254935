"""What `make pa11y` leaves apart: nothing but what stands in the list, and a violation never."""

from __future__ import annotations

import pytest

from tests.quality.issues import DJANGO, EMPTY, NOTICE, OUTDATED, REVIEW, WARNING, Issue

USER_NAME = '<input type="email" name="username" autocomplete="username">'
H98 = "WCAG2AA.Principle1.Guideline1_3.1_3_5.H98"
H32 = "WCAG2AA.Principle3.Guideline3_2.3_2_2.H32.2"


def issue(runner: str = "htmlcs", code: str = "x", context: str = "", **more: object) -> Issue:
    facts = {"type": "error", "message": "", "selector": "", "undecided": False} | more
    return Issue(runner=runner, code=code, context=context, **facts)


@pytest.mark.parametrize("weight", ["error", "warning", "notice"])
def test_violation_of_axe_is_a_finding_whatever_its_weight(weight: str) -> None:
    assert issue("axe", "region", type=weight).apart is None
    assert issue("axe", "color-contrast", type=weight, undecided=True).apart == REVIEW


def test_only_the_user_name_in_an_email_field_is_left_apart_of_the_rule_about_autocomplete() -> None:
    assert issue(code=H98, context=USER_NAME).apart == OUTDATED
    assert issue(code=H98, context='<input type="email" autocomplete="surname">').apart is None
    assert issue(code=H98, context='<input type="number" autocomplete="username">').apart is None
    assert issue(code="WCAG2AA.Principle1.Guideline1_3.1_3_1.H44", context=USER_NAME).apart is None


def test_only_the_form_of_the_stars_may_lack_a_button() -> None:
    assert issue(code=H32, context='<form id="favourite" method="post">').apart == EMPTY
    assert issue(code=H32, context='<form method="post">').apart is None


def test_errors_of_html_codesniffer_are_findings_and_the_rest_is_counted() -> None:
    assert issue().apart is None
    assert issue(type="warning").apart == WARNING
    assert issue(type="notice").apart == NOTICE


def test_rules_that_templates_of_django_break_hold_for_our_own() -> None:
    code = "WCAG2AA.Principle1.Guideline1_3.1_3_1.H71.NoLegend"
    left = issue(code=code, context='<fieldset class="module aligned ">')
    assert (left.apart, left.named) == (DJANGO, f"{DJANGO}: 1_3_1.H71.NoLegend")
    assert issue(code=code, context='<fieldset class="card">').apart is None
    assert issue("axe", "empty-table-header", '<th class="original"></th>').apart == DJANGO
    assert issue("axe", "empty-table-header", "<th></th>").apart is None

"""What is counted, and that alarms, dashboard and documents name only what there is. Through the server:
`tests/serving/test_watching.py`."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from django.conf import settings as django_settings

from accounts import limits, metrics, rate_limits
from accounts.audit.aggregation import flush, record_aggregated
from accounts.audit.events import Event
from accounts.audit.origin import Origin
from accounts.audit.recording import record
from accounts.sso.refusal_reasons import Reason
from assetmaps import conditions, logs
from assetmaps.metrics import collection
from tests.clock import later
from tests.factories import OrganisationFactory, UserFactory
from tests.test_documents import rows, section

ROOT = Path(django_settings.BASE_DIR)
RULES = ROOT / "deploy" / "prometheus" / "alerts.yml"
TESTS = ROOT / "tests" / "assetmaps" / "alerts.yml"
DASHBOARD = ROOT / "deploy" / "grafana" / "assetmaps.json"
ORIGIN = Origin("203.0.113.7", "Firefox", "ABCDE-FGHJK")


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> object:
    """How much a count has grown since the test began."""
    monkeypatch.setattr(metrics, "recorder", collection.Recorder())
    before = {}
    for family in collection.REGISTRY.collect():
        before |= {(one.name, *sorted(one.labels.items())): one.value for one in family.samples}

    def since(name: str, **labels: str) -> float:
        now = collection.REGISTRY.get_sample_value(name, labels) or 0
        return now - before.get((name, *sorted(labels.items())), 0)

    return since


CODE = "assetmaps_codes_total"
SIGN_IN = "assetmaps_sign_ins_total"


@pytest.mark.parametrize(
    ("event", "detail", "name", "labels"),
    [
        (Event.SIGNED_IN, {"factor": "totp"}, SIGN_IN, {"result": "succeeded", "factor": "totp", "cause": ""}),
        (Event.SIGNED_IN, {"factor": "totp"}, CODE, {"place": "sign_in", "factor": "totp", "found": "right"}),
        (
            Event.CODE_REFUSED,
            {"factor": "totp", "cause": "used"},
            CODE,
            {"place": "sign_in", "factor": "totp", "found": "used"},
        ),
        (
            Event.ACTIVATION_REFUSED,
            {"factor": "totp", "cause": "clock_off"},
            CODE,
            {"place": "set_up", "factor": "totp", "found": "clock"},
        ),
        (
            Event.CODE_REFUSED,
            {"factor": "totp", "cause": "een naam met spaties"},
            SIGN_IN,
            {"result": "refused", "factor": "totp", "cause": "other"},
        ),
        (Event.BRIDGE_CODE_ISSUED, {}, "assetmaps_resets_total", {"kind": "bridge_code_issued", "result": "succeeded"}),
    ],
)
@pytest.mark.django_db(transaction=True)
def test_event_of_the_audit_trail_is_counted(
    counted: object, event: Event, detail: dict, name: str, labels: dict[str, str]
) -> None:
    record(event, subject=UserFactory(), origin=ORIGIN, succeeded="refused" not in event, detail=detail)
    assert counted(name, **labels) == 1


@pytest.mark.django_db(transaction=True)
def test_refusals_that_get_no_entry_of_their_own_are_counted_once(counted: object) -> None:
    organisation = OrganisationFactory()
    detail = {"cause": Reason.SIGNATURE.value, "purpose": "sign_in"}
    for _ in range(3):
        record_aggregated(
            Event.SSO_REFUSED, subject=None, organisation=organisation, origin=ORIGIN, detail=detail, single_entries=1
        )
    with later(limits.REFUSAL_ENTRIES_PERIOD * 2):
        assert flush() == 1
    labels = {"organisation": organisation.slug, "result": "refused_provider"}
    assert counted("assetmaps_sso_sign_ins_total", **labels) == 3


@pytest.mark.django_db(transaction=True)
def test_no_more_organisations_are_named_than_the_limit(counted: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "METRICS_ORGANISATIONS", 1)
    for _ in range(3):
        user = UserFactory(organisation=OrganisationFactory())
        record(Event.SIGNED_IN, subject=user, origin=ORIGIN, detail={"factor": "business_account"})
    assert counted("assetmaps_sso_sign_ins_total", organisation="other", result="succeeded") == 2


def test_what_is_asked_too_often_is_counted_by_the_name_of_the_limit(counted: object) -> None:
    for _ in range(3):
        rate_limits.consume("recovery-link", "iemand", limit=1, period=limits.NETWORK_PERIOD)
        rate_limits.consume("refused-account", "iemand", limit=1, period=limits.NETWORK_PERIOD)
    assert counted("assetmaps_throttled_total", limit="recovery-link") == 2
    assert counted("assetmaps_throttled_total", limit="refused-account") == 0


def test_fault_of_the_counting_breaks_nothing(
    counted: object, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(logs, "_last_logged", {})
    monkeypatch.setattr(collection, "THROTTLED", None)
    for _ in range(3):
        assert not rate_limits.consume("recovery-link", "iemand", limit=0, period=limits.NETWORK_PERIOD)
    assert [line.getMessage() for line in caplog.records] == ["something could not be counted"]


def metric_names() -> set[str]:
    """As Prometheus knows them, also while nothing was counted."""
    names = {f"assetmaps_{name}_{fact}" for name, facts in FACTS.items() for fact in facts}
    for family in collection.REGISTRY.collect():
        suffixes = {"counter": ["_total"], "histogram": ["", "_bucket", "_sum", "_count"], "gauge": [""]}[family.type]
        names |= {family.name + suffix for suffix in suffixes}
    return names | {"assetmaps_ready", "assetmaps_warning"}


FACTS = {
    "cache": [],
    "worker": ["seen_seconds_ago", "tasks_waiting", "tasks_oldest_seconds"],
    "mail": ["waiting", "oldest_seconds", "failed_last_day"],
    "clock": ["ahead_of_database", "ahead_of_outside"],
}


@pytest.mark.django_db
def test_facts_of_the_checks_are_those_that_are_known_here() -> None:
    assert {name: list(check().facts) for name, check in conditions.CHECKS.items()} == FACTS


def rules() -> list[dict]:
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


def expressions() -> Iterator[str]:
    yield from (rule["expr"] for rule in rules())
    dashboard = json.loads(DASHBOARD.read_text())
    for panel in dashboard["panels"]:
        yield from (target["expr"] for target in panel.get("targets", []))
    yield from (one["query"]["query"] for one in dashboard["templating"]["list"] if one["type"] == "query")


def test_alarms_and_dashboard_name_metrics_events_and_views_that_there_are() -> None:
    known = metric_names()
    named = {name for text in expressions() for name in re.findall(r"\bassetmaps_\w+", text)}
    assert len(named) > 12
    assert named - known == set()
    events = {event.value for event in Event}
    for text in expressions():
        for label in re.findall(r'(?:event|kind)=~?"([^"]+)"', text):
            assert set(label.split("|")) <= events, text
        for label in re.findall(r'check="(\w+)"', text):
            assert label in conditions.CHECKS, text


def test_document_tells_of_every_metric_and_every_alarm() -> None:
    text = section((ROOT / "docs" / "operations.md").read_text(), "Watching")
    told = {name for row in rows(text) for name in re.findall(r"`(\w+)`", row[0])}
    families = {name for name in metric_names() if not name.endswith(("_bucket", "_sum", "_count"))}
    assert {name for name in told if name.startswith("assetmaps_")} == families
    assert {name for name in told if name.startswith("Assetmaps")} == {rule["alert"] for rule in rules()}


def test_every_alarm_says_what_to_do_why_and_where_to_read_on() -> None:
    headings = re.findall(r"^#+ (.+)$", (ROOT / "docs" / "operations.md").read_text(), re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    for rule in rules():
        notes = rule["annotations"]
        assert set(notes) == {"summary", "threshold", "action", "document"}, rule["alert"]
        page, _, anchor = notes["document"].partition("#")
        assert (page, anchor in anchors) == ("docs/operations.md", True), rule["alert"]
        assert rule["labels"]["severity"] in ("page", "ticket")


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is missing: Debian's package prometheus")
@pytest.mark.parametrize("task", [["check", "rules", RULES], ["test", "rules", TESTS]], ids=["check", "test"])
def test_alarms_sound_for_their_fault_and_only_then(task: list[str]) -> None:
    run = subprocess.run(["promtool", *task], capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


def test_every_alarm_has_a_case_that_makes_it_sound() -> None:
    cases = {case["name"] for case in yaml.safe_load(TESTS.read_text())["tests"]}
    assert {rule["alert"] for rule in rules()} <= cases


def test_every_limit_has_a_name_that_can_be_a_label() -> None:
    calls = r"consume(?:_by_network)?\(\s*\"([^\"]+)\""
    found = {
        name
        for folder in ("accounts", "assetmaps", "environments")
        for path in (ROOT / folder).rglob("*.py")
        for name in re.findall(calls, path.read_text())
    }
    assert found >= collection.NO_REFUSALS
    assert [name for name in found if not collection.NAME.fullmatch(name)] == []

"""Reads the reports of browsers about violations of the content security policy (ASVS 3.4.7)."""

from __future__ import annotations

import json
from typing import Any

from accounts import limits, rate_limits
from accounts.audit.origin import Origin
from accounts.unicode_text import without_control_characters

# The names of the same facts in `report-uri` (CSP 2) and in `report-to` (Reporting API).
NAMES = {
    "page": ("document-uri", "documentURL"),
    "directive": ("effective-directive", "violated-directive", "effectiveDirective"),
    "blocked": ("blocked-uri", "blockedURL"),
    "source": ("source-file", "sourceFile"),
    "line": ("line-number", "lineNumber"),
}
LONGEST_FACT = 200


def read(body: bytes) -> list[dict[str, str]]:
    """The facts of each report in the body; empty when the body is no report."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return []
    reports = content if isinstance(content, list) else [content]
    return [facts for report in reports[: limits.POLICY_REPORTS_AT_ONCE] if (facts := _facts(report))]


def _facts(report: Any) -> dict[str, str]:
    inner = (report.get("csp-report") or report.get("body")) if isinstance(report, dict) else None
    if not isinstance(inner, dict):
        return {}
    found = {fact: next((inner[name] for name in names if name in inner), "") for fact, names in NAMES.items()}
    return {fact: _short(value) for fact, value in found.items() if isinstance(value, str | int) and value != ""}


def _short(value: str | int) -> str:
    """One line, without the query of an address, which may contain user input."""
    return without_control_characters(str(value)).partition("?")[0].partition("#")[0][:LONGEST_FACT]


def too_many(origin: Origin) -> bool:
    """Count one report, in total and per network, so that many senders cannot fill the log, nor fill the cache with
    counters and evict those of the sign-in."""
    period = limits.POLICY_REPORTS_PERIOD
    if not rate_limits.consume("policy-reports", "all", limit=limits.POLICY_REPORTS_OF_ALL, period=period):
        return True
    limit = limits.POLICY_REPORTS
    return not rate_limits.consume_by_network(
        "policy-reports", origin.address, via=origin.via, limit=limit, period=period
    )

"""What `/readyz` answers: whether this process can serve (`assetmaps.readiness`), and what else is wrong with it or the
services that it uses (`assetmaps.conditions`), which takes no process out of service."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from assetmaps import conditions, readiness


@dataclass(frozen=True)
class Report:
    """``reason``: why it is not ready; ``warnings``: by name of the check; both sentences for the operator."""

    reason: str
    found: dict[str, conditions.Condition] = field(default_factory=dict)

    @property
    def is_ready(self) -> bool:
        return not self.reason

    @property
    def detail(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "reason": self.reason,
            "warnings": {name: one.warning for name, one in self.found.items() if one.warning},
            "checks": {name: {"ok": not one.warning} | _rounded(one.facts) for name, one in self.found.items()},
        }


def report(wait: float = 0) -> Report:
    """Warnings are looked at in any case, because they go to the log too. ``wait``: seconds for new ones, at most."""
    return Report(readiness.PROCESS.reason(), conditions.PROCESS.found(wait))


def _rounded(facts: Any) -> dict[str, float | None]:
    return {name: None if value is None else round(value, 1) for name, value in facts.items()}

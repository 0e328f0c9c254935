"""What is looked at when Prometheus asks: readiness, warnings and what they are about. Nothing is counted for it."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector as BaseCollector

from accounts import limits
from assetmaps import readiness_report


class Collector(BaseCollector):
    def collect(self) -> Iterator[GaugeMetricFamily]:
        report = readiness_report.report(limits.READY_TIMEOUT.total_seconds())
        yield GaugeMetricFamily("assetmaps_ready", "1 when this process can serve", value=float(report.is_ready))
        warnings = GaugeMetricFamily("assetmaps_warning", "1 while /readyz warns of this", labels=["check"])
        for name, condition in report.found.items():
            warnings.add_metric([name], float(bool(condition.warning)))
        yield warnings
        for name, condition in report.found.items():
            for fact, value in condition.facts.items():
                if value is not None:
                    yield GaugeMetricFamily(f"assetmaps_{name}_{fact}", "See /readyz", value=value)

    def describe(self) -> list[GaugeMetricFamily]:
        """Nothing: otherwise the registry would look once when it starts."""
        return []

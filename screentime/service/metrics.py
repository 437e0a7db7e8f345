"""The states as Prometheus asks for them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from screentime.service.hub import Hub
    from screentime.service.served import Served

DOING = ("waiting", "running", "failed")


def metrics(hub: Hub) -> bytes:
    """All metrics, in Prometheus's text format."""
    registry = CollectorRegistry()
    registry.register(_States(hub))
    return generate_latest(registry)


class _States(Collector):
    """Reads the states anew each time: nothing is counted twice."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub

    def collect(self) -> Iterator[Metric]:
        projects = self.hub.projects()
        refused = CounterMetricFamily("screentime_hints_refused", "Hints without the secret, or with a wrong one.")
        refused.add_metric([], self.hub.refused)
        yield refused
        for name, words, value in _GAUGES:
            yield _family(GaugeMetricFamily(name, words, labels=["project"]), projects, value)
        for name, words, value in _COUNTERS:
            yield _family(CounterMetricFamily(name, words, labels=["project"]), projects, value)
        doing = GaugeMetricFamily("screentime_state", "1 for what the project does.", labels=["project", "state"])
        seconds = {
            bound: GaugeMetricFamily(f"screentime_onscreen_{bound}seconds", words, labels=["project", "film", "who"])
            for bound, words in (
                ("", "Estimated seconds on screen."), ("low_", "Lower end of their 95 % interval."),
                ("high_", "Upper end of their 95 % interval."),
            )
        }
        for one in projects:
            for state in DOING:
                doing.add_metric([one.name, state], one.state.doing == state)
            rows = one.state.found.get("screen_time") or []
            for film, row in zip(_apart([row["film"] for row in rows]), rows):
                for who in (key for key in row if f"{key}_low" in row and row[key] is not None):
                    for bound, suffix in (("", ""), ("low_", "_low"), ("high_", "_high")):
                        if row[who + suffix] is not None:
                            seconds[bound].add_metric([one.name, film, who], row[who + suffix])
        yield doing
        yield from seconds.values()


def _apart(names: list[str]) -> list[str]:
    """Names, with their place among equal ones: Prometheus takes no series twice."""
    return [
        f"{name} ({names[: place + 1].count(name)})" if names.count(name) > 1 else name for place, name in enumerate(names)
    ]


def _family(family: GaugeMetricFamily, projects: list[Served], value) -> Metric:
    for one in projects:
        found = value(one)
        if found is not None:
            family.add_metric([one.name], found)
    return family


def _latest(one: Served, name: str) -> float | None:
    rounds = one.state.found.get("rounds")
    return rounds[-1][name] if rounds else None


_GAUGES = [
    ("screentime_labels", "Frames with a label.", lambda one: one.state.found.get("labels")),
    ("screentime_frames", "Frames of the project's films.", lambda one: one.state.found.get("frames")),
    ("screentime_waiting_frames", "Frames that wait for a label.", lambda one: one.state.found.get("waiting")),
    ("screentime_models", "Rounds that made a model, ever.", lambda one: len(one.state.found.get("rounds") or [])),
    ("screentime_target_accuracy", "Validation accuracy that is wanted.", lambda one: one.state.found.get("target")),
    ("screentime_validation_accuracy", "Of the latest model.", lambda one: _latest(one, "validation_accuracy")),
    ("screentime_target_reached", "1 where the latest model reached it.", lambda one: _latest(one, "target_reached")),
    ("screentime_last_round_seconds", "How long the last round took.", lambda one: one.state.last_seconds),
    ("screentime_queued", "1 where somebody asked for a round.", lambda one: bool(one.state.queued)),
    ("screentime_failures", "Errors in a row, 0 when all is well.", lambda one: one.state.failures),
    ("screentime_last_error_timestamp_seconds", "When the last error was met.",
     lambda one: one.state.trouble and one.state.trouble.at.timestamp()),
    ("screentime_last_look_timestamp_seconds", "When Label Studio was last asked with success.",
     lambda one: one.state.looked and one.state.looked.timestamp()),
]
_COUNTERS = [
    ("screentime_rounds", "Rounds since the service began.", lambda one: one.state.rounds),
    ("screentime_round_seconds", "What they took in all.", lambda one: one.state.round_seconds),
    ("screentime_errors", "Errors since the service began.", lambda one: one.state.errors),
    ("screentime_hints", "Hints since the service began.", lambda one: one.state.hints),
]

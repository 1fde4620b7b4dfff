"""The table of `docs/metrics.md`, from the collectors of `chorus.metrics`."""

from prometheus_client import Counter, Gauge, Histogram
from prometheus_client.metrics import MetricWrapperBase

from chorus import metrics
from tools.markdown import code, table

KINDS = {Counter: "counter", Gauge: "gauge", Histogram: "histogram"}


def collectors() -> dict[str, MetricWrapperBase]:
    """Every metric by the name it is exposed under."""
    found = {name: one for name, one in vars(metrics).items() if isinstance(one, MetricWrapperBase)}
    return dict(sorted(found.items()))


def metrics_table() -> str:
    rows = (
        (code(name), KINDS[type(one)], _labels(one), _text(one))
        for name, one in collectors().items()
    )
    return table(("name", "kind", "labels", "meaning"), rows)


def _labels(collector: MetricWrapperBase) -> str:
    return " ".join(code(label) for label in collector._labelnames)  # noqa: SLF001 (no public way)


def _text(collector: MetricWrapperBase) -> str:
    return str(collector._documentation)  # noqa: SLF001 (no public way)

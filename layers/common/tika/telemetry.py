"""Logs and metrics. No person in either: no name, mobile, photo id, OTP, token or secret code, no reference id."""

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

# Service and namespace come from POWERTOOLS_SERVICE_NAME and POWERTOOLS_METRICS_NAMESPACE. Events are never logged.
logger = Logger()
metrics = Metrics()


def count(name: str, value: float = 1, unit: MetricUnit = MetricUnit.Count) -> None:
    """Add `value` to the metric `name` (a past participle: SeatHeld), written when the invocation ends."""
    metrics.add_metric(name=name, unit=unit, value=value)

"""Logs and metrics. No person in either: no name, mobile, photo id, OTP, token or secret code, no reference id."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

# Service and namespace come from POWERTOOLS_SERVICE_NAME and POWERTOOLS_METRICS_NAMESPACE. Events are never logged.
logger = Logger()
metrics = Metrics()


def count(name: str, value: float = 1, unit: MetricUnit = MetricUnit.Count) -> None:
    """Add `value` to the metric `name` (a past participle: SeatHeld), written when the invocation ends."""
    metrics.add_metric(name=name, unit=unit, value=value)


def observed[R](handler: Callable[[dict[str, Any], Any], R]) -> Callable[[dict[str, Any], Any], R]:
    """Around every Lambda handler: the request id in its log lines, and its metrics written, also when it fails."""

    @logger.inject_lambda_context(clear_state=True)
    @wraps(handler)
    def lambda_handler(event: dict[str, Any], context: Any) -> R:
        try:
            return handler(event, context)
        finally:
            if metrics.metric_set:  # a warning a request would be logged for none
                metrics.flush_metrics()

    return lambda_handler

"""When alarms ring: each is played the least that must ring it and the most that must not, as CloudWatch judges it.

Source: "Using Amazon CloudWatch alarms", https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html
"""

import json
import operator
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from tests.template.rules import ROOT, Broken, Template, differences, functions, of_type, operation

COMPARISONS = {
    "GreaterThanThreshold": operator.gt,
    "GreaterThanOrEqualToThreshold": operator.ge,
    "LessThanThreshold": operator.lt,
}
# The statistics that make sense of a metric, by what it is.
STATISTICS = {"count": "Sum", "share": "Average", "level": "Maximum", "time": "p99"}

NO_DATA = None
type Series = list[float | None]  # one number a period, the newest last


@dataclass(frozen=True)
class Watch:
    """What an alarm watches, and what it does: `rings` and `silent` are series of the metric."""

    metric: str  # namespace and name
    of: Any  # dimensions
    kind: str
    period_s: int
    rings: list[Series]
    silent: list[Series]


OWN = "tika-${Stage}"
QUIET: Series = [NO_DATA] * 5
THROTTLED = [[1, 0, 1], [1, 1, NO_DATA]], [[0, 0, 0], [0, 50, 0], [1, 0, 0, 1], QUIET]
ONE_LETTER = [[1], [0, 0, 1]], [[0], [5, 0], QUIET]

WATCHED = {
    "ApiFailing": Watch(
        "AWS/ApiGateway 5XXError", {"ApiName": {"Fn::Sub": OWN}}, "share", 60,
        rings=[[0.011, 0, 0.011, 0, 0.011]],
        silent=[[0.01] * 5, [0, 0, 0, 1, 1], [1, 1, 0, 0, 0, 1], QUIET],
    ),
    "ApiSlow": Watch(
        "AWS/ApiGateway Latency", {"ApiName": {"Fn::Sub": OWN}}, "time", 60,
        rings=[[3001, 0, 3001, 0, 3001]],
        silent=[[3000] * 5, [0, 0, 0, 29_000, 29_000], [9000, 9000, 0, 0, 0, 9000], QUIET],
    ),
    "FunctionsThrottled": Watch("AWS/Lambda Throttles", {}, "count", 60, *THROTTLED),
    "TextsWaiting": Watch(
        "AWS/SQS ApproximateAgeOfOldestMessage", {"QueueName": {"Fn::GetAtt": ["OtpQueue", "QueueName"]}}, "level", 60,
        rings=[[61, 0, 61], [61, 61]],
        silent=[[60, 60, 60], [0, 170, 0], [170, 0, 0, 170], QUIET],
    ),
    "TextsLost": Watch(
        "AWS/SQS ApproximateNumberOfMessagesVisible", {"QueueName": {"Fn::GetAtt": ["OtpDeadLetters", "QueueName"]}},
        "level", 60, *ONE_LETTER,
    ),
    "CountsLost": Watch(
        "AWS/SQS ApproximateNumberOfMessagesVisible", {"QueueName": {"Fn::GetAtt": ["CountDeadLetters", "QueueName"]}},
        "level", 60, *ONE_LETTER,
    ),
    "TextsUndelivered": Watch(
        "AWS/SNS SMSSuccessRate", {}, "share", 300,
        rings=[[0.89, 0.89, 0.89]],
        silent=[[0.9, 0.9, 0.9], [0.5, 0.5, 0.95], QUIET],
    ),
    "TextsCostly": Watch(
        "AWS/SNS SMSMonthToDateSpentUSD", {}, "level", 300,
        rings=[[50], [0, 51]],
        silent=[[49.9], [60, 0], QUIET],
    ),
    "CountsOld": Watch(
        "AWS/Lambda IteratorAge", {"FunctionName": {"Ref": "CountSeats"}}, "level", 60,
        rings=[[60_001] * 3],
        silent=[[60_000] * 3, [90_000, 90_000, 0], QUIET],
    ),
    "ReleaseSilent": Watch(
        "AWS/Lambda Invocations", {"FunctionName": {"Ref": "ReleaseStale"}}, "count", 300,
        rings=[[5, 0], [5, NO_DATA]],
        silent=[[1], [0, 5]],
    ),
    "ReleaseBehind": Watch(
        f"{OWN} OldestLapse", {"service": "release_stale"}, "level", 60,
        rings=[[181] * 3],
        silent=[[180] * 3, [900, 900, 0], QUIET],
    ),
    "RulesStale": Watch(f"{OWN} PolicyStale", {"service": "book_slot"}, "count", 300, *ONE_LETTER),
    "TokenKeysStale": Watch(f"{OWN} TokenKeysStale", {"service": "book_slot"}, "count", 300, *ONE_LETTER),
    **{
        f"{table}Throttled": Watch(
            "AWS/DynamoDB WriteThrottleEvents", {"TableName": {"Ref": table}}, "count", 60, *THROTTLED
        )
        for table in ("Otp", "Citizens", "Slots")
    },
    "LapsingThrottled": Watch(
        "AWS/DynamoDB WriteThrottleEvents", {"TableName": {"Ref": "Slots"}, "GlobalSecondaryIndexName": "lapsing"},
        "count", 60, *THROTTLED,
    ),
}  # fmt: skip


def each_alarm_rings_when_it_should_and_only_then(template: Template) -> Broken:
    alarms = of_type(template, "AWS::CloudWatch::Alarm")
    broken = [f"{name}: nobody has said when it should ring" for name in alarms.keys() - _known(template)]
    for name, watch in WATCHED.items():
        alarm = alarms[name]
        broken += differences(name, {"Fn::Sub": OWN} if watch.metric.startswith(OWN) else "", _own(alarm["Namespace"]))
        named = [alarm["Namespace"] if isinstance(alarm["Namespace"], str) else OWN, alarm["MetricName"]]
        broken += differences(name, watch.metric, " ".join(named))
        dimensions = {each["Name"]: each["Value"] for each in alarm.get("Dimensions", [])}
        broken += differences(f"{name}.Dimensions", watch.of, dimensions)
        statistic = alarm.get("Statistic") or alarm.get("ExtendedStatistic")
        broken += differences(f"{name}.Statistic", STATISTICS[watch.kind], statistic)
        broken += differences(f"{name}.Period", watch.period_s, alarm["Period"])
        broken += differences(f"{name}.AlarmActions", [{"Ref": "Alarms"}], alarm.get("AlarmActions"))
        broken += [f"{name}: silent at {series}" for series in watch.rings if not rings(template, alarm, series)]
        broken += [f"{name}: rings at {series}" for series in watch.silent if rings(template, alarm, series)]
        broken += differences(f"{name}", set(), set(alarm) - UNDERSTOOD)
    return broken


UNDERSTOOD = {
    "AlarmActions", "AlarmDescription", "ComparisonOperator", "DatapointsToAlarm", "Dimensions", "EvaluationPeriods",
    "ExtendedStatistic", "MetricName", "Namespace", "Period", "Statistic", "Threshold", "TreatMissingData",
}  # fmt: skip


def rings(template: Template, alarm: dict[str, Any], series: Series) -> bool:
    """Whether it is in alarm after the last number of `series`, before which there was no data."""
    threshold = alarm["Threshold"]
    if isinstance(threshold, dict):
        threshold = template["Parameters"][threshold["Ref"]]["Default"]
    looked_at = alarm["EvaluationPeriods"]
    missing = {"breaching": True, "notBreaching": False}[alarm["TreatMissingData"]]
    if looked_at < 1:
        raise ValueError("CloudWatch looks at one period or more")
    last = ([NO_DATA] * looked_at + series)[-looked_at:]
    breaches = COMPARISONS[alarm["ComparisonOperator"]]
    breaching = [missing if each is NO_DATA else breaches(each, threshold) for each in last]
    return sum(breaching) >= alarm.get("DatapointsToAlarm", looked_at)


def _own(namespace: Any) -> Any:
    return namespace if isinstance(namespace, dict) else ""


def _known(template: Template) -> set[str]:
    """Those of single functions are all alike: see `functions`."""
    return set(WATCHED) | {f"{name}{end}" for name in functions(template) for end in ("Failing", "Faulting")}


def alarms_are_mailed_where_an_address_is_given(template: Template) -> Broken:
    wanted = {
        "Type": "AWS::SNS::Subscription",
        "Condition": "HasAlarmEmail",
        "Properties": {"TopicArn": {"Ref": "Alarms"}, "Protocol": "email", "Endpoint": {"Ref": "AlarmEmail"}},
    }
    topic = differences("Alarms", {"Type": "AWS::SNS::Topic"}, template["Resources"]["Alarms"])
    return topic + differences("AlarmMail", wanted, template["Resources"]["AlarmMail"])


# --- the dashboard ---------------------------------------------------------------------------------------------------

# The metrics of AWS that are shown, with their dimension and the type of resource that it names.
OF_AWS = {
    ("AWS/ApiGateway", "Count"): ("ApiName", OWN),
    ("AWS/ApiGateway", "4XXError"): ("ApiName", OWN),
    ("AWS/ApiGateway", "5XXError"): ("ApiName", OWN),
    ("AWS/ApiGateway", "Latency"): ("ApiName", OWN),
    ("AWS/ApiGateway", "IntegrationLatency"): ("ApiName", OWN),
    ("AWS/Lambda", "ConcurrentExecutions"): ("FunctionName", "AWS::Serverless::Function"),
    ("AWS/Lambda", "Throttles"): (None, None),
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible"): ("QueueName", "AWS::SQS::Queue"),
    ("AWS/DynamoDB", "ConsumedWriteCapacityUnits"): ("TableName", "AWS::DynamoDB::Table"),
    ("AWS/DynamoDB", "ConsumedReadCapacityUnits"): ("TableName", "AWS::DynamoDB::Table"),
    ("AWS/DynamoDB", "WriteThrottleEvents"): ("TableName", "AWS::DynamoDB::Table"),
}


def the_dashboard_shows_metrics_that_exist(template: Template) -> Broken:
    dashboard = template["Resources"]["Dashboard"]
    broken = differences("Dashboard", "AWS::CloudWatch::Dashboard", dashboard["Type"])
    broken += differences("Dashboard", {"Fn::Sub": OWN}, dashboard["Properties"]["DashboardName"])
    for widget in json.loads(dashboard["Properties"]["DashboardBody"]["Fn::Sub"])["widgets"]:
        properties = widget["properties"]
        broken += differences(properties["title"], ("${AWS::Region}", 60), (properties["region"], properties["period"]))
        broken += [f"{properties['title']}: {each}" for each in properties["metrics"] if not _exists(template, each)]
    return broken


def _exists(template: Template, metric: list[str]) -> bool:
    namespace, name, *dimension = metric
    if namespace == OWN:
        return dimension[0] == "service" and dimension[1] in _services(template) and name in _counted(dimension[1])
    known, kind = OF_AWS.get((namespace, name), ("", ""))
    if known is None or kind == OWN:
        return dimension == ([] if known is None else [known, OWN])
    resource = re.fullmatch(r"\$\{(\w+)(\.QueueName)?\}", dimension[1]) if len(dimension) == 2 else None
    return bool(resource) and dimension[0] == known and template["Resources"].get(resource[1], {}).get("Type") == kind


def _services(template: Template) -> set[str]:
    return {operation(function) for function in functions(template).values()}


@cache
def _counted(service: str) -> set[str]:
    """The names of metrics in the code of a function, and in ours which several share."""
    return set(_metrics_in(ROOT / "functions" / service)) | set(_metrics_in(ROOT / "layers/common/tika"))


def _metrics_in(folder: Any) -> Iterator[str]:
    for path in sorted(folder.rglob("*.py")):
        for call in re.findall(r"\bcount\((.*)", path.read_text(encoding="utf-8")):
            yield from re.findall(r'"(\w+)"', call)


RULES = [
    each_alarm_rings_when_it_should_and_only_then,
    alarms_are_mailed_where_an_address_is_given,
    the_dashboard_shows_metrics_that_exist,
]

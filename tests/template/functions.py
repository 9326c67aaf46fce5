"""What every function has around its code: settings, variables, log group and alarms. Triggers stand in `triggers`."""

import ast
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from tests.template.rules import ROOT, Broken, Template, differences, functions, operation

PACKAGE = ROOT / "layers/common/tika"

ORDINARY_MB, WHOLE_PROCESSOR_MB = 1024, 1769
MEMORY_MB = {"AppointmentSlip": WHOLE_PROCESSOR_MB, "ReleaseStale": WHOLE_PROCESSOR_MB}
TIMEOUT_S = {"PublishSession": 29, "ReleaseStale": 60, "CountSeats": 60}  # the gateway hangs up after 29

# What everybody does in the first minutes of a rush: these can be kept warm, and others cannot crowd them out.
OPENING_HOUR = {
    "RequestOtp", "VerifyOtp", "FindSessions", "Register", "ListBeneficiaries", "BookSlot", "ConfirmSlot",
}  # fmt: skip
OPENING = {
    "AutoPublishAlias": "live",
    "AutoPublishAliasAllProperties": True,
    "ReservedConcurrentExecutions": {"Fn::If": ["IsReserved", {"Ref": "ReservedConcurrency"}, {"Ref": "AWS::NoValue"}]},
    "VersionDeletionPolicy": "Delete",
    "VersionDescription": {"Fn::Sub": "SnapStart ${SnapStart}"},
    "SnapStart": {"ApplyOn": {"Ref": "SnapStart"}},
    "ProvisionedConcurrencyConfig": {
        "Fn::If": [
            "IsProvisioned",
            {"ProvisionedConcurrentExecutions": {"Ref": "ProvisionedConcurrency"}},
            {"Ref": "AWS::NoValue"},
        ]
    },
}

VARIABLES = {
    "OTP_TABLE": {"Ref": "Otp"},
    "CITIZENS_TABLE": {"Ref": "Citizens"},
    "SLOTS_TABLE": {"Ref": "Slots"},
    "OTP_QUEUE_URL": {"Ref": "OtpQueue"},
    "TOKEN_KEY_SECRET": {"Fn::GetAtt": ["TokenKey", "Id"]},
    "PEPPER_SECRET": {"Fn::GetAtt": ["Pepper", "Id"]},
    "POLICY_PARAMETER": {"Ref": "Policy"},
    "POWERTOOLS_METRICS_NAMESPACE": {"Fn::Sub": "tika-${Stage}"},
    "TEXTS_PER_SECOND": {"Ref": "TextsPerSecond"},
    "SMS_SENDER_ID": {"Ref": "SmsSenderId"},
    "SMS_ENTITY_ID": {"Ref": "SmsEntityId"},
    "SMS_OTP_TEMPLATE_ID": {"Ref": "SmsOtpTemplateId"},
    "SMS_BOOKING_TEMPLATE_ID": {"Ref": "SmsBookingTemplateId"},
}
# What stands in a module that others import too, and is read for these alone.
READ_FOR = {"TEXTS_PER_SECOND": {"request_otp"}}

GLOBALS = {
    "Runtime": "python3.13",
    "Architectures": [{"Ref": "Architecture"}],
    "Handler": "app.lambda_handler",
    "MemorySize": ORDINARY_MB,
    "Timeout": 10,
    "Layers": [{"Ref": "Common"}],
    "LoggingConfig": {"LogFormat": "JSON", "SystemLogLevel": "WARN"},
}

LAYER = {
    "ContentUri": "layers/common/",
    "PublishLambdaVersion": True,
    "CompatibleRuntimes": ["python3.13"],
    "CompatibleArchitectures": [{"Ref": "Architecture"}],
    "RetentionPolicy": "Delete",
}


def all_functions_have_the_same_surroundings(template: Template) -> Broken:
    known = template["Globals"]["Function"]
    broken = differences("Globals", {**GLOBALS, "Environment": known.get("Environment")}, known)
    layer = template["Resources"]["Common"]
    built = {"BuildMethod": "python3.13", "BuildArchitecture": {"Ref": "Architecture"}}
    return broken + differences("Common", {"Metadata": built, "Properties": LAYER}, _without_type(layer))


def each_function_has_its_settings(template: Template) -> Broken:
    broken = []
    for name, function in functions(template).items():
        wanted = {
            **(OPENING if name in OPENING_HOUR else {}),
            **({"MemorySize": MEMORY_MB[name]} if name in MEMORY_MB else {}),
            **({"Timeout": TIMEOUT_S[name]} if name in TIMEOUT_S else {}),
            "CodeUri": f"functions/{operation(function)}/",
            "LoggingConfig": {"LogGroup": {"Ref": f"{name}Logs"}},
        }
        there = {key: value for key, value in function.items() if key not in ("Environment", "Events", "Policies")}
        broken += differences(name, wanted, there)
    return broken


def each_function_has_the_variables_that_its_code_reads(template: Template) -> Broken:
    broken = []
    common = template["Globals"]["Function"]["Environment"]["Variables"]
    for name, function in functions(template).items():
        own = function["Environment"]["Variables"]
        wanted = {each: VARIABLES[each] for each in {*common, *_read_by(operation(function))} if each in VARIABLES}
        for each in [each for each, readers in READ_FOR.items() if operation(function) not in readers]:
            wanted.pop(each, None)
        wanted["POWERTOOLS_SERVICE_NAME"] = operation(function)
        broken += differences(name, wanted, {**common, **own})
        broken += [f"{name}: {each} stands in Globals too" for each in own.keys() & common.keys()]
    return broken


def each_function_has_its_log_group_and_alarms(template: Template) -> Broken:
    broken = []
    for name, function in functions(template).items():
        group = {"LogGroupName": {"Fn::Sub": f"/tika/${{Stage}}/{operation(function)}"}}
        group["RetentionInDays"] = {"Ref": "LogRetentionDays"}
        wanted = {
            f"{name}Logs": {"Properties": group},
            f"{name}Failing": {"Properties": _alarm("AWS/Lambda", "Errors", "FunctionName", {"Ref": name})},
            f"{name}Faulting": {
                "Properties": _alarm({"Fn::Sub": "tika-${Stage}"}, "Fault", "service", operation(function))
            },
        }
        for each, properties in wanted.items():
            resource = _without_type(template["Resources"][each])
            resource["Properties"] = {k: v for k, v in resource["Properties"].items() if k != "AlarmDescription"}
            broken += differences(each, properties, resource)
    return broken


def _alarm(namespace: Any, metric: str, dimension: str, value: Any) -> dict[str, Any]:
    """Rings when three failures or more fall into each of two minutes of five; how alarms ring is tried in `alarms`."""
    return {
        "AlarmActions": [{"Ref": "Alarms"}],
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 5,
        "DatapointsToAlarm": 2,
        "Threshold": 3,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "notBreaching",
        "Namespace": namespace,
        "MetricName": metric,
        "Dimensions": [{"Name": dimension, "Value": value}],
    }


def _without_type(resource: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in resource.items() if key != "Type"}


# --- which variables a function's code reads -------------------------------------------------------------------------


@cache
def _read_by(name: str) -> frozenset[str]:
    """The names of environment variables in a function's code and in all of ours that it imports."""
    return frozenset(each for path in _imported(ROOT / "functions" / name / "app.py") for each in _names(path))


@cache
def _names(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return frozenset(texts & VARIABLES.keys())


@cache
def _imported(path: Path) -> frozenset[Path]:
    found, waiting = set(), [path]
    while waiting:
        here = waiting.pop()
        if here not in found:
            found.add(here)
            waiting += _imports(here)
    return frozenset(found)


def _imports(path: Path) -> Iterator[Path]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tika"):
            names = [node.module, *(f"{node.module}.{each.name}" for each in node.names)]
            for name in names:
                file = PACKAGE.parent / f"{name.replace('.', '/')}.py"
                if file.exists():
                    yield file


# --- triggers ---------------------------------------------------------------------------------------------------------

TRIGGERS = {
    "SendOtp": {
        "Type": "SQS",
        "Properties": {
            "Queue": {"Fn::GetAtt": ["OtpQueue", "Arn"]},
            "BatchSize": 10,
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
            "ScalingConfig": {"MaximumConcurrency": {"Fn::FindInMap": ["SmsPace", {"Ref": "SmsPace"}, "Copies"]}},
        },
    },
    "ReleaseStale": {
        "Type": "ScheduleV2",
        "Properties": {"ScheduleExpression": "rate(1 minute)", "RetryPolicy": {"MaximumRetryAttempts": 0}},
    },
    "CountSeats": {
        "Type": "DynamoDB",
        "Properties": {
            "Stream": {"Fn::GetAtt": ["Slots", "StreamArn"]},
            "StartingPosition": "TRIM_HORIZON",  # a stage's first sales are counted as well
            "BatchSize": 1000,
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
            "MaximumBatchingWindowInSeconds": 1,  # `counts` of a search are seconds old
            "ParallelizationFactor": 10,
            "BisectBatchOnFunctionError": True,
            "MaximumRetryAttempts": 5,
            "MaximumRecordAgeInSeconds": 600,
            "FilterCriteria": {
                "Filters": [{"Pattern": json.dumps({"dynamodb": {"Keys": {"sk": {"S": [{"prefix": "SEAT#"}]}}}})}]
            },
            "DestinationConfig": {
                "OnFailure": {"Type": "SQS", "Destination": {"Fn::GetAtt": ["CountDeadLetters", "Arn"]}}
            },
        },
    },
}


def each_function_has_its_trigger(template: Template) -> Broken:
    broken = []
    for name, function in functions(template).items():
        for event in function["Events"].values():
            if event["Type"] == "Api":
                route = {key: event["Properties"].get(key) for key in ("Method", "Path")}
                signed = {"Auth": {"Authorizer": "AWS_IAM", "InvokeRole": "NONE"}} if name == "PublishSession" else {}
                wanted = {"Type": "Api", "Properties": {"RestApiId": {"Ref": "Api"}, **route, **signed}}
                broken += differences(name, wanted, event)
        others = [event for event in function["Events"].values() if event["Type"] != "Api"]
        broken += differences(name, [TRIGGERS[name]] if name in TRIGGERS else [], _with_compact_patterns(others))
    return broken


def _with_compact_patterns(value: Any) -> Any:
    """Patterns are JSON in a text: spaces in it mean nothing."""
    if isinstance(value, list):
        return [_with_compact_patterns(each) for each in value]
    if isinstance(value, dict):
        return {
            key: json.dumps(json.loads(part)) if key == "Pattern" else _with_compact_patterns(part)
            for key, part in value.items()
        }
    return value


RULES = [
    all_functions_have_the_same_surroundings,
    each_function_has_its_settings,
    each_function_has_the_variables_that_its_code_reads,
    each_function_has_its_log_group_and_alarms,
    each_function_has_its_trigger,
]

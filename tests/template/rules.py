"""The rules that template.yaml is held to: each takes the template and gives back what breaks it, one sentence each."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).parent.parent.parent

GONE = "nothing"  # what stands where a value is left out

type Template = dict[str, Any]
type Broken = list[str]

# Where a wildcard or a NotResource stands all the same, and why.
EXCEPTIONS = {
    ("SendOtp", "sns:Publish"): "a phone number is no resource that IAM can name; topics are left out",
    ("PortalReaders", "s3:GetObject"): "all files of one bucket, for one distribution",
}

# The protocol of India's vaccination apps and what Tika adds; true: signed with AWS IAM.
ROUTES = {
    "RequestOtp": ["post /auth/public/generateOTP", "post /auth/generateMobileOTP", "post /auth/generateOTP"],
    "VerifyOtp": ["post /auth/public/confirmOTP", "post /auth/validateMobileOtp", "post /auth/confirmOTP"],
    "ListPlaces": [
        "get /admin/location/states",
        "get /admin/location/districts/{state_id}",
        "get /registration/beneficiary/idTypes",
        "get /registration/beneficiary/genders",
    ],
    "FindSessions": [
        "get /appointment/sessions/public/findByPin",
        "get /appointment/sessions/public/findByDistrict",
        "get /appointment/sessions/public/calendarByPin",
        "get /appointment/sessions/public/calendarByDistrict",
        "get /appointment/sessions/public/calendarByCenter",
        "get /appointment/sessions/findByPin",
        "get /appointment/sessions/findByDistrict",
        "get /appointment/sessions/calendarByPin",
        "get /appointment/sessions/calendarByDistrict",
        "get /appointment/centers/public/findByLatLong",
        "get /appointment/centers/findByLatLong",
    ],
    "Register": ["post /registration/beneficiary/new"],
    "UpdateBeneficiary": ["post /registration/beneficiary/update"],
    "DeleteBeneficiary": ["post /registration/beneficiary/delete"],
    "ListBeneficiaries": ["get /appointment/beneficiaries"],
    "BookSlot": ["post /appointment/hold", "post /appointment/schedule"],
    "ConfirmSlot": ["post /appointment/confirm"],
    "RescheduleSlot": ["post /appointment/reschedule"],
    "CancelSlot": ["post /appointment/cancel"],
    "AppointmentSlip": ["get /appointment/appointmentslip/download"],
    "PublishSession": [
        "post /admin/sessions signed",
        "patch /admin/sessions/{session_id} signed",
        "delete /admin/sessions/{session_id} signed",
    ],
    "Status": ["get /status"],
}


def read() -> Template:
    return yaml_parse((ROOT / "template.yaml").read_text())


def of_type(template: Template, kind: str) -> dict[str, dict[str, Any]]:
    """The properties of the resources of a type, by logical id."""
    resources = template["Resources"].items()
    return {name: resource.get("Properties", {}) for name, resource in resources if resource["Type"] == kind}


def functions(template: Template) -> dict[str, dict[str, Any]]:
    return of_type(template, "AWS::Serverless::Function")


def operation(function: dict[str, Any]) -> str:
    return function["CodeUri"].strip("/").removeprefix("functions/")


def every_function_has_a_log_group_that_forgets(template: Template) -> Broken:
    groups = of_type(template, "AWS::Logs::LogGroup")
    return [
        name
        for name, function in functions(template).items()
        if not groups.get(function.get("LoggingConfig", {}).get("LogGroup", {}).get("Ref"), {}).get("RetentionInDays")
    ]


def every_function_has_alarms(template: Template) -> Broken:
    watched = {
        (str(alarm["Namespace"]), alarm["MetricName"], str(dimension["Value"]))
        for alarm in of_type(template, "AWS::CloudWatch::Alarm").values()
        for dimension in alarm.get("Dimensions", [])
        if alarm.get("AlarmActions")
    }
    return [
        f"{name}: {metric}"
        for name, function in functions(template).items()
        for namespace, metric, value in (
            ("AWS/Lambda", "Errors", str({"Ref": name})),
            (str(_own_metrics(template)), "Fault", operation(function)),
        )
        if (namespace, metric, value) not in watched
    ]


def every_alarm_on_metrics_of_our_own_reads_its_stages(template: Template) -> Broken:
    """Or a stage's alarms would ring for another stage of the same account, and be silent about their own."""
    own = _own_metrics(template)
    return [
        name
        for name, alarm in of_type(template, "AWS::CloudWatch::Alarm").items()
        if not str(alarm["Namespace"]).startswith("AWS/") and (alarm["Namespace"] != own or "${Stage}" not in str(own))
    ]


def _own_metrics(template: Template) -> Any:
    return template["Globals"]["Function"]["Environment"]["Variables"]["POWERTOOLS_METRICS_NAMESPACE"]


def every_function_has_an_event_file(template: Template, root: Path = ROOT) -> Broken:
    return [
        name
        for name, function in functions(template).items()
        if not list((root / "events" / operation(function)).glob("*.json"))
    ]


def every_function_has_a_chapter_in_the_api_document(template: Template, root: Path = ROOT) -> Broken:
    documents = [*(root / "docs").glob("api.md"), *(root / "docs" / "api").glob("*.md")]
    headings = " ".join(heading for document in documents for heading in headings_of(document.read_text()))
    return [
        name for name, function in functions(template).items() if not re.search(rf"\b{operation(function)}\b", headings)
    ]


def every_function_has_a_folder_and_every_folder_a_function(template: Template, root: Path = ROOT) -> Broken:
    folders = {path.parent.name for path in (root / "functions").glob("*/app.py")}
    return sorted(folders ^ {operation(function) for function in functions(template).values()})


def no_policy_has_a_wildcard(template: Template) -> Broken:
    broken = []
    for name, statement in _statements(template):
        actions = _as_list(statement.get("Action", "NotAction"))
        resources = [str(value) for value in _as_list(statement.get("Resource", "NotResource"))]
        if "NotResource" in resources or any("*" in text for text in [*actions, *resources]) or "NotAction" in actions:
            broken += [f"{name}: {action}" for action in actions if (name, action) not in EXCEPTIONS]
    return broken


def no_function_has_a_policy_by_name(template: Template) -> Broken:
    """SAM's policy templates and managed policies grant more than their names say."""
    return [
        name
        for name, function in functions(template).items()
        if any(not isinstance(policy, dict) or "Statement" not in policy for policy in function.get("Policies", []))
        or "Role" in function
    ]


def every_alarm_names_a_chapter_of_the_runbook(template: Template, root: Path = ROOT) -> Broken:
    chapters = {slug(heading) for heading in headings_of((root / "docs" / "runbook.md").read_text())}
    broken = []
    for name, alarm in of_type(template, "AWS::CloudWatch::Alarm").items():
        named = re.search(r"docs/runbook\.md#(\S+)$", alarm.get("AlarmDescription", ""))
        if not named or named[1] not in chapters:
            broken.append(name)
    return broken


def every_route_of_the_contract_is_there_and_no_other(template: Template) -> Broken:
    there = {
        name: {
            f"{event['Properties']['Method']} {event['Properties']['Path'].removeprefix('/api/v2')}"
            + (" signed" if event["Properties"].get("Auth", {}).get("Authorizer") == "AWS_IAM" else "")
            for event in function.get("Events", {}).values()
            if event["Type"] == "Api"
        }
        for name, function in functions(template).items()
    }
    return [
        f"{name}: {route}"
        for name in sorted(there | ROUTES)
        for route in sorted(there.get(name, set()) ^ set(ROUTES.get(name, [])))
    ]


def a_queue_hides_a_message_six_times_as_long_as_its_consumer_may_take(template: Template) -> Broken:
    queues, usual = of_type(template, "AWS::SQS::Queue"), template["Globals"]["Function"]["Timeout"]
    return [
        name
        for name, function in functions(template).items()
        for event in function.get("Events", {}).values()
        if event["Type"] == "SQS"
        and queues[event["Properties"]["Queue"]["Fn::GetAtt"][0]]["VisibilityTimeout"]
        < 6 * function.get("Timeout", usual)
    ]


def tables_of_people_can_be_recovered(template: Template) -> Broken:
    tables = of_type(template, "AWS::DynamoDB::Table")
    return [
        name
        for name in ("Citizens", "Slots")
        if not tables[name].get("PointInTimeRecoverySpecification", {}).get("PointInTimeRecoveryEnabled")
    ]


def whatever_is_kept_is_encrypted(template: Template) -> Broken:
    switches = {
        "AWS::DynamoDB::Table": lambda table: table.get("SSESpecification", {}).get("SSEEnabled"),
        "AWS::SQS::Queue": lambda queue: queue.get("SqsManagedSseEnabled"),
        "AWS::S3::Bucket": lambda bucket: bucket.get("BucketEncryption"),
    }
    return [
        name for kind, is_on in switches.items() for name, kept in of_type(template, kind).items() if not is_on(kept)
    ]


def the_edge_reads_an_address_as_the_gateway_does(template: Template) -> Broken:
    """Or a limit by address would count /auth/ and not /%61uth/, which may well lead to the same route."""
    return [
        str(match["SearchString"])
        for acl in of_type(template, "AWS::WAFv2::WebACL").values()
        for match in _matches(acl["Rules"])
        if "UriPath" in match["FieldToMatch"]
        and [each["Type"] for each in match["TextTransformations"]] != ["URL_DECODE", "NORMALIZE_PATH"]
    ]


def every_route_of_codes_is_limited_by_address(template: Template) -> Broken:
    limited = [
        match["SearchString"]["Fn::Sub"].removeprefix("/${Stage}")
        for acl in of_type(template, "AWS::WAFv2::WebACL").values()
        for rule in acl["Rules"]
        for match in _matches(rule["Statement"].get("RateBasedStatement", {}))
    ]
    return [
        event["Properties"]["Path"]
        for name in ("RequestOtp", "VerifyOtp")
        for event in functions(template)[name]["Events"].values()
        if not any(event["Properties"]["Path"].startswith(prefix) for prefix in limited)
    ]


def _matches(part: Any) -> Iterator[dict[str, Any]]:
    """The byte matches in any part of a web ACL."""
    if isinstance(part, list):
        for each in part:
            yield from _matches(each)
    elif isinstance(part, dict):
        if "ByteMatchStatement" in part:
            yield part["ByteMatchStatement"]
        for each in part.values():
            yield from _matches(each)


def every_gateway_response_allows_cors(template: Template) -> Broken:
    responses = template["Resources"]["Api"]["Properties"]["GatewayResponses"]
    broken = [
        kind
        for kind, response in responses.items()
        if "Access-Control-Allow-Origin" not in response["ResponseParameters"]["Headers"]
    ]
    missing = {"DEFAULT_4XX", "DEFAULT_5XX", "UNAUTHORIZED", "THROTTLED", "ACCESS_DENIED"} - set(responses)
    return broken + sorted(missing)


def whatever_refuses_before_a_function_does_answers_as_they_do(template: Template) -> Broken:
    """In English alone: neither the gateway nor the firewall can tell languages apart."""
    resources = template["Resources"]
    responses = resources["Api"]["Properties"]["GatewayResponses"]
    texts = {kind: said["ResponseTemplates"]["application/json"] for kind, said in responses.items()}
    del texts["UNAUTHORIZED"]  # a plain text, as the protocol has it
    texts |= {name: said["Content"] for name, said in resources["Guard"]["Properties"]["CustomResponseBodies"].items()}
    values = {name: json.loads(text) for name, text in texts.items()}
    fields = ["errorCode", "error", "error_l"]
    return [name for name, value in values.items() if list(value) != fields or value["error_l"] or not value["error"]]


def overload_says_when_to_come_back(template: Template) -> Broken:
    return [
        kind
        for kind, response in template["Resources"]["Api"]["Properties"]["GatewayResponses"].items()
        if response.get("StatusCode") in (429, 503) and "Retry-After" not in response["ResponseParameters"]["Headers"]
    ]


def headings_of(text: str) -> list[str]:
    return re.findall(r"^#+ (.+)$", text, re.MULTILINE)


def slug(heading: str) -> str:
    """The anchor that a heading gets in a rendered document."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _statements(template: Template) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, resource in template["Resources"].items():
        properties = resource.get("Properties", {})
        documents = [
            *(policy for policy in properties.get("Policies", []) if isinstance(policy, dict)),
            properties.get("PolicyDocument", {}),
        ]
        for document in documents:
            for statement in document.get("Statement", []):
                yield name, statement


def differences(where: str, wanted: Any, there: Any) -> Broken:
    """A sentence for each value that is not as it is wanted, by its path."""
    if isinstance(wanted, dict) and isinstance(there, dict):
        return [
            each
            for name in sorted(wanted.keys() | there.keys())
            for each in differences(f"{where}.{name}", wanted.get(name, GONE), there.get(name, GONE))
        ]
    if isinstance(wanted, list) and isinstance(there, list) and len(wanted) == len(there):
        return [
            each
            for number, pair in enumerate(zip(wanted, there, strict=True))
            for each in differences(f"{where}.{number}", *pair)
        ]
    return [] if (type(wanted), wanted) == (type(there), there) else [f"{where}: {there!r} instead of {wanted!r}"]

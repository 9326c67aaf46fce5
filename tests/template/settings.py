"""Parameters with what they are by themselves, conditions, outputs, and the settings of the API."""

import json
import re
from typing import Any

from ops import openapi
from tests.template.rules import Broken, Template, differences
from tika import policy

TEXT, NUMBER = "String", "Number"

# (type, default, further limits): what a stage has that sets nothing.
PARAMETERS: dict[str, tuple[str, Any, dict[str, Any]]] = {
    "Stage": (TEXT, "dev", {"AllowedPattern": "[a-z]{2,12}"}),
    "Architecture": (TEXT, "arm64", {"AllowedValues": ["arm64", "x86_64"]}),  # a fifth cheaper by the millisecond
    "OpensAt": (TEXT, "2021-04-28T16:00:00+05:30", {"AllowedPattern": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+05:30"}),
    "MinAge": (NUMBER, 18, {}),
    "SmsSenderId": (TEXT, "TIKAIN", {}),
    "SmsEntityId": (TEXT, "", {}),
    "SmsOtpTemplateId": (TEXT, "", {}),
    "SmsBookingTemplateId": (TEXT, "", {}),
    "SmsPace": (TEXT, "calm", {"AllowedValues": ["calm", "rush"]}),
    "TextsPerSecond": (NUMBER, 20, {"MinValue": 1}),  # the quota of an account that asked for no other
    "SmsSpendAlarmUsd": (NUMBER, 50, {}),
    "ApiRequestsPerSecond": (NUMBER, 500, {}),
    "ApiBurst": (NUMBER, 500, {}),
    "Edge": (TEXT, "off", {"AllowedValues": ["on", "off"]}),
    "CallsPerAddress": (NUMBER, 3000, {"MinValue": 10}),  # AWS WAF takes none below ten
    "CodesPerAddress": (NUMBER, 300, {"MinValue": 10}),
    "Domain": (TEXT, "", {}),
    "CertificateArn": (TEXT, "", {}),
    "WarmWrites": (NUMBER, 0, {}),
    "WarmReads": (NUMBER, 12000, {"MinValue": 12000}),  # DynamoDB warms no table below what a new one has
    "ReservedConcurrency": (NUMBER, 0, {}),
    "ProvisionedConcurrency": (NUMBER, 0, {}),
    "SnapStart": (TEXT, "None", {"AllowedValues": ["None", "PublishedVersions"]}),
    "LogRetentionDays": (NUMBER, 14, {}),
    "ProtectData": (TEXT, "false", {"AllowedValues": ["true", "false"]}),
    "AlarmEmail": (TEXT, "", {}),
}


def a_stage_that_sets_nothing_is_a_small_and_open_one(template: Template) -> Broken:
    wanted = {
        name: {"Type": kind, "Default": default, **limits} for name, (kind, default, limits) in PARAMETERS.items()
    }
    there = {
        name: {key: value for key, value in parameter.items() if key != "Description"}
        for name, parameter in template["Parameters"].items()
    }
    return differences("Parameters", wanted, there)


def every_parameter_says_what_it_is_for(template: Template) -> Broken:
    return [
        name
        for name, parameter in template["Parameters"].items()
        if name != "LogRetentionDays" and not parameter.get("Description", "").endswith(".")
    ]


def snapshots_exclude_copies_that_are_kept_warm(template: Template) -> Broken:
    """Lambda refuses both at once, in the middle of a deployment; this refuses them before it."""
    wanted = {
        "SnapshotsOrWarmCopies": {
            "RuleCondition": {"Fn::Equals": [{"Ref": "SnapStart"}, "PublishedVersions"]},
            "Assertions": [
                {
                    "Assert": {"Fn::Equals": [{"Ref": "ProvisionedConcurrency"}, 0]},
                    "AssertDescription": "SnapStart needs ProvisionedConcurrency=0.",
                }
            ],
        }
    }
    return differences("Rules", wanted, template["Rules"])


# What each condition needs to hold, and what makes it false.
CONDITIONS = {
    "HasEdge": ("Edge", "on", "off"),
    "HasDomain": ("Domain", "tika.example", ""),
    "HasAlarmEmail": ("AlarmEmail", "ops@tika.example", ""),
    "IsWarm": ("WarmWrites", 4000, 0),
    "IsReserved": ("ReservedConcurrency", 100, 0),
    "IsProvisioned": ("ProvisionedConcurrency", 100, 0),
}


def conditions_are_what_their_names_say(template: Template) -> Broken:
    broken = differences("Conditions", set(CONDITIONS), set(template["Conditions"]))
    for name, (parameter, on, off) in CONDITIONS.items():
        for value, wanted in ((on, True), (off, False)):
            holds = _holds(template["Conditions"][name], {parameter: value})
            broken += differences(f"{name} with {parameter}={value}", wanted, holds)
    return broken


def _holds(condition: Any, given: dict[str, Any]) -> Any:
    """CloudFormation compares what it is given as text. Raises KeyError for any parameter but those given."""
    ((function, told),) = condition.items() if isinstance(condition, dict) else (("", condition),)
    if function == "Fn::Not":
        return not _holds(told[0], given)
    if function == "Fn::Equals":
        first, second = (_holds(each, given) for each in told)
        return str(first) == str(second)
    return given[told] if function == "Ref" else told


OUTPUTS = {
    "ApiUrl": {"Value": {"Fn::Sub": "https://${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}/${Stage}"}},
    "ApiId": {"Value": {"Ref": "Api"}},
    "SiteUrl": {
        "Condition": "HasEdge",
        "Value": {
            "Fn::If": [
                "HasDomain",
                {"Fn::Sub": "https://${Domain}"},
                {"Fn::Sub": "https://${Distribution.DomainName}"},
            ]
        },
    },
    "PortalBucket": {"Condition": "HasEdge", "Value": {"Ref": "Portal"}},
    "DistributionId": {"Condition": "HasEdge", "Value": {"Ref": "Distribution"}},
}


def a_stage_tells_its_addresses(template: Template) -> Broken:
    there = {
        name: {key: value for key, value in output.items() if key != "Description"}
        for name, output in template["Outputs"].items()
    }
    return differences("Outputs", OUTPUTS, there)


def texts_are_sent_by_as_many_copies_as_their_pace_needs(template: Template) -> Broken:
    """A copy sends about ten a second, so calm is 100 a second and rush 1,500."""
    return differences("Mappings", {"SmsPace": {"calm": {"Copies": 10}, "rush": {"Copies": 150}}}, template["Mappings"])


def the_policy_of_a_new_stage_is_the_one_of_the_day(template: Template) -> Broken:
    """The intervals and prices that were in force in India on 28 April 2021."""
    resource = template["Resources"]["Policy"]
    text = resource["Properties"]["Value"]["Fn::Sub"]
    given = {name: str(parameter["Default"]) for name, parameter in template["Parameters"].items()}
    rules = policy.parse(re.sub(r"\$\{(\w+)\}", lambda name: given[name[1]], text))
    there = {
        "phase": rules.phase,
        "opens_at": rules.opens_at.isoformat(),
        "min_age": rules.min_age,
        "dose_gap_days": rules.dose_gap_days,
        "fee_ceiling_rupees": rules.fee_ceiling_rupees,
        "seconds": (rules.hold_seconds, rules.otp_valid_seconds, rules.otp_resend_seconds),
    }
    wanted = {
        "phase": "18 and over",
        "opens_at": "2021-04-28T16:00:00+05:30",
        "min_age": 18,
        "dose_gap_days": {"COVISHIELD": 84, "COVAXIN": 28, "SPUTNIK V": 21},
        "fee_ceiling_rupees": {"COVISHIELD": 780, "COVAXIN": 1410, "SPUTNIK V": 1145},
        "seconds": (300, 180, 60),
    }
    broken = differences("Policy", wanted, there)
    broken += differences("Policy", "AWS::SSM::Parameter", resource["Type"])
    named = {key: resource["Properties"][key] for key in ("Name", "Type")}
    return broken + differences("Policy", {"Name": {"Fn::Sub": "/tika/${Stage}/policy"}, "Type": TEXT}, named)


# --- the API ---------------------------------------------------------------------------------------------------------

MIN_COMPRESSED_BYTES = 1000


def the_api_is_one_regional_stage_with_a_limit(template: Template) -> Broken:
    api = template["Resources"]["Api"]
    wanted = {
        "Name": {"Fn::Sub": "tika-${Stage}"},
        "StageName": {"Ref": "Stage"},
        "EndpointConfiguration": {"Type": "REGIONAL"},
        "OpenApiVersion": "3.0.1",
        "BinaryMediaTypes": ["*/*"],
        "MinimumCompressionSize": {"Fn::If": ["HasEdge", {"Ref": "AWS::NoValue"}, MIN_COMPRESSED_BYTES]},
        "MethodSettings": [
            {
                "HttpMethod": "*",
                "ResourcePath": "/*",
                "MetricsEnabled": True,
                "ThrottlingRateLimit": {"Ref": "ApiRequestsPerSecond"},
                "ThrottlingBurstLimit": {"Ref": "ApiBurst"},
            }
        ],
        "MergeDefinitions": True,
    }
    apart = ("DefinitionBody", "GatewayResponses")
    there = {key: value for key, value in api["Properties"].items() if key not in apart}
    return differences("Api", wanted, there)


# What a browser may send that is not always allowed (https://fetch.spec.whatwg.org/#cors-safelisted-request-header):
# the token, JSON, and what a partner's client sets by itself.
BROWSER_HEADERS = "Authorization,Content-Type,Accept,Accept-Language"
TWO_HOURS_S = 7200  # the longest that Chromium keeps an answer to a preflight


def a_browser_may_call_every_route_of_the_citizens(template: Template) -> Broken:
    """Publishing is signed, by programs; no browser needs it."""
    body = template["Resources"]["Api"]["Properties"]["DefinitionBody"]
    methods = sorted({route.method.upper() for route in openapi.routes() if route.auth != "iam"})
    told = {
        "Access-Control-Allow-Origin": "'*'",
        "Access-Control-Allow-Methods": f"'{','.join([*methods, 'OPTIONS'])}'",
        "Access-Control-Allow-Headers": f"'{BROWSER_HEADERS}'",
        "Access-Control-Max-Age": f"'{TWO_HOURS_S}'",
    }
    preflight = body["paths"]["/api/v2/{proxy+}"]["options"]
    wanted = {
        "security": [],
        "responses": {
            "204": {
                "description": preflight["responses"]["204"]["description"],
                "headers": {name: {"schema": {"type": "string"}} for name in told},
            }
        },
        "x-amazon-apigateway-integration": {
            "type": "mock",
            "contentHandling": "CONVERT_TO_TEXT",
            "requestTemplates": {"application/json": '{"statusCode": 204}'},
            "responses": {
                "default": {
                    "statusCode": "204",
                    "contentHandling": "CONVERT_TO_TEXT",
                    "responseParameters": {f"method.response.header.{name}": value for name, value in told.items()},
                }
            },
        },
    }
    broken = differences("preflight", wanted, preflight) + differences("openapi", "3.0.1", body["openapi"])
    broken += differences("paths", ["/api/v2/{proxy+}"], list(body["paths"]))
    broken += differences("paths", ["options"], list(body["paths"]["/api/v2/{proxy+}"]))
    signed = {"type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authtype": "awsSigv4"}
    return broken + differences("AWS_IAM", {"securitySchemes": {"AWS_IAM": signed}}, body["components"])


ANY_ORIGIN = {"Access-Control-Allow-Origin": "'*'"}
# By the gateway's name for what happened: the status, the code of the refusal, and when to come back, in seconds.
REFUSALS = {
    "DEFAULT_4XX": (None, "TIKA0017", None),  # with the status that the gateway has for it
    "MISSING_AUTHENTICATION_TOKEN": (403, "TIKA0017", None),
    "ACCESS_DENIED": (403, "TIKA0018", None),
    "INVALID_SIGNATURE": (403, "TIKA0018", None),
    "EXPIRED_TOKEN": (403, "TIKA0018", None),
    "WAF_FILTERED": (403, "TIKA0018", None),
    "REQUEST_TOO_LARGE": (413, "USRRES0001", None),
    "THROTTLED": (429, "TIKA0007", 5),
    "QUOTA_EXCEEDED": (429, "TIKA0007", 60),
    "INTEGRATION_FAILURE": (503, "TIKA0007", 5),
    "INTEGRATION_TIMEOUT": (503, "TIKA0007", 5),
    "DEFAULT_5XX": (503, "TIKA0007", 5),
}


def the_gateway_refuses_in_the_shape_of_the_contract(template: Template) -> Broken:
    """Where a browser may read it, and with the Retry-After that a browser may read."""
    there = template["Resources"]["Api"]["Properties"]["GatewayResponses"]
    plain = {
        "StatusCode": 401,
        "ResponseParameters": {"Headers": {**ANY_ORIGIN, "Content-Type": "'text/plain'"}},
        "ResponseTemplates": {"application/json": "Unauthenticated access!"},
    }
    broken = differences("gateway", {"UNAUTHORIZED", *REFUSALS}, set(there))
    broken += differences("UNAUTHORIZED", plain, there["UNAUTHORIZED"])
    for kind, (status, code, retry_s) in REFUSALS.items():
        later = {"Access-Control-Expose-Headers": "'Retry-After'", "Retry-After": f"'{retry_s}'"} if retry_s else {}
        text = there[kind]["ResponseTemplates"]["application/json"]
        wanted = {
            **({"StatusCode": status} if status else {}),
            "ResponseParameters": {"Headers": {**ANY_ORIGIN, **later}},
            "ResponseTemplates": {"application/json": text},
        }
        broken += differences(kind, wanted, there[kind]) + differences(kind, code, json.loads(text)["errorCode"])
    return broken


RULES = [
    the_gateway_refuses_in_the_shape_of_the_contract,
    a_stage_that_sets_nothing_is_a_small_and_open_one,
    every_parameter_says_what_it_is_for,
    snapshots_exclude_copies_that_are_kept_warm,
    conditions_are_what_their_names_say,
    a_stage_tells_its_addresses,
    texts_are_sent_by_as_many_copies_as_their_pace_needs,
    the_policy_of_a_new_stage_is_the_one_of_the_day,
    the_api_is_one_regional_stage_with_a_limit,
    a_browser_may_call_every_route_of_the_citizens,
]

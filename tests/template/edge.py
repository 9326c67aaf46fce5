"""The edge, as CloudFront and its web ACL would act on requests: evaluated from the template itself.

Sources: "Cache behavior settings" and "Understand cache policies" of the CloudFront guide,
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesCacheBehavior.html, and "Using rule
statements in AWS WAF", https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statements.html
"""

import posixpath
from collections import Counter
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import unquote

from ops import openapi
from tests.template.rules import Broken, Template, differences

STAGE = "production"
EDGE_SECRET = {"Fn::Sub": "{{resolve:secretsmanager:${EdgeSecret.Id}}}"}

READING = ["GET", "HEAD", "OPTIONS"]
ALL = ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"]
CACHING_OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"  # AWS's own policies have the same ids everywhere
CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
ALL_VIEWER_EXCEPT_HOST = "b689b0a8-53d0-40ab-baf2-68738e2966ac"


# --- the distribution ------------------------------------------------------------------------------------------------


def behaviour(template: Template, path: str) -> dict[str, Any]:
    """The cache behaviour of a path: the first whose pattern fits, else the default one."""
    config = template["Resources"]["Distribution"]["Properties"]["DistributionConfig"]
    fits = (each for each in config["CacheBehaviors"] if fnmatchcase(path, each["PathPattern"]))
    found = next(fits, config["DefaultCacheBehavior"])
    return {key: value for key, value in found.items() if key != "PathPattern"}


def _of_api(caching: Any, methods: list[str], **more: Any) -> dict[str, Any]:
    return {
        "TargetOriginId": "api",
        "ViewerProtocolPolicy": "https-only",
        "AllowedMethods": methods,
        "CachePolicyId": caching,
        "FunctionAssociations": [
            {"EventType": "viewer-request", "FunctionARN": {"Fn::GetAtt": ["VisitorHeaders", "FunctionARN"]}}
        ],
        "Compress": True,
        **more,
    }


PUBLIC = _of_api({"Ref": "PublicAnswers"}, READING)
FOR_ONE = _of_api(CACHING_DISABLED, ALL, OriginRequestPolicyId=ALL_VIEWER_EXCEPT_HOST)
PAGE = {
    "TargetOriginId": "portal",
    "ViewerProtocolPolicy": "redirect-to-https",
    "CachePolicyId": CACHING_OPTIMIZED,
    "ResponseHeadersPolicyId": {"Ref": "PortalHeaders"},
    "FunctionAssociations": [
        {"EventType": "viewer-request", "FunctionARN": {"Fn::GetAtt": ["PortalPaths", "FunctionARN"]}}
    ],
    "Compress": True,
}


def each_address_is_kept_for_all_or_asked_for_one(template: Template) -> Broken:
    """What the document says to be the same for everybody is answered from the cache; no other is ever kept."""
    broken = []
    for route in openapi.routes():
        wanted = PUBLIC if route.method == "get" and route.auth == "none" and _is_kept(route) else FOR_ONE
        path = route.path.replace("{", "").replace("}", "")
        broken += differences(f"{route.method} {route.path}", wanted, behaviour(template, path))
    for path in ("/", "/index.html", "/assets/main-1a2b.js", "/people/3"):
        broken += differences(path, PAGE, behaviour(template, path))
    patterns = [
        each["PathPattern"]
        for each in template["Resources"]["Distribution"]["Properties"]["DistributionConfig"]["CacheBehaviors"]
    ]
    return broken + differences("patterns that nothing needs", [], [each for each in patterns if not _needed(each)])


def _is_kept(route: openapi.Route) -> bool:
    return "/appointment/centers/findByLatLong" not in route.path  # of the protected API, whose answers no cache keeps


def _needed(pattern: str) -> bool:
    return any(fnmatchcase(route.path, pattern) for route in openapi.routes())


def the_key_of_a_cached_answer_is_all_that_changes_it(template: Template) -> Broken:
    """The parameters of the public searches, and the language: whatever else a client sends changes no answer."""
    asked = sorted(
        {
            name
            for route in openapi.routes()
            if route.method == "get" and behaviour(template, route.path) == PUBLIC
            for model in openapi.models(route)
            for name in model.model_fields
            if f"{{{name}}}" not in route.path
        }
    )
    wanted = {
        "CachePolicyConfig": {
            "Name": {"Fn::Sub": "tika-${Stage}-public"},
            "MinTTL": 0,  # or an answer that says no-store would be kept
            "DefaultTTL": 0,  # what says nothing is not kept
            "MaxTTL": 86400,
            "ParametersInCacheKeyAndForwardedToOrigin": {
                "CookiesConfig": {"CookieBehavior": "none"},
                "HeadersConfig": {"HeaderBehavior": "whitelist", "Headers": ["Accept-Language"]},
                "QueryStringsConfig": {"QueryStringBehavior": "whitelist", "QueryStrings": asked},
                "EnableAcceptEncodingGzip": True,
                "EnableAcceptEncodingBrotli": True,
            },
        }
    }
    return differences("PublicAnswers", wanted, template["Resources"]["PublicAnswers"]["Properties"])


STATUSES_KEPT_BY_CLOUDFRONT = [400, 403, 404, 405, 414, 500, 501, 502, 503, 504]


def the_distribution_is_reached_by_https_and_keeps_no_error(template: Template) -> Broken:
    config = template["Resources"]["Distribution"]["Properties"]["DistributionConfig"]
    known = {"CacheBehaviors", "DefaultCacheBehavior", "Comment"}
    wanted = {
        "Enabled": True,
        "HttpVersion": "http2and3",
        "IPV6Enabled": True,
        "DefaultRootObject": "index.html",
        "CustomErrorResponses": [
            {"ErrorCode": status, "ErrorCachingMinTTL": 0} for status in STATUSES_KEPT_BY_CLOUDFRONT
        ],
        "Aliases": {"Fn::If": ["HasDomain", [{"Ref": "Domain"}], {"Ref": "AWS::NoValue"}]},
        "ViewerCertificate": {
            "Fn::If": [
                "HasDomain",
                {
                    "AcmCertificateArn": {"Ref": "CertificateArn"},
                    "SslSupportMethod": "sni-only",
                    "MinimumProtocolVersion": "TLSv1.2_2021",
                },
                {"CloudFrontDefaultCertificate": True},
            ]
        },
        "Origins": [
            {
                "Id": "portal",
                "DomainName": {"Fn::GetAtt": ["Portal", "RegionalDomainName"]},
                "OriginAccessControlId": {"Ref": "PortalAccess"},
                "S3OriginConfig": {"OriginAccessIdentity": ""},
            },
            {
                "Id": "api",
                "DomainName": {"Fn::Sub": "${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}"},
                "OriginPath": {"Fn::Sub": "/${Stage}"},
                "CustomOriginConfig": {"OriginProtocolPolicy": "https-only", "OriginSSLProtocols": ["TLSv1.2"]},
                "OriginCustomHeaders": [{"HeaderName": "x-tika-edge", "HeaderValue": EDGE_SECRET}],
                "OriginShield": {"Enabled": True, "OriginShieldRegion": {"Ref": "AWS::Region"}},
            },
        ],
    }
    return differences("Distribution", wanted, {key: part for key, part in config.items() if key not in known})


def everything_of_the_edge_is_there_with_it_alone(template: Template) -> Broken:
    edge = {
        "EdgeSecret", "Portal", "PortalReaders", "PortalAccess", "PortalHeaders", "PortalPaths", "VisitorHeaders",
        "PublicAnswers", "Distribution", "Guard", "GuardOfApi",
    }  # fmt: skip
    there = {name for name, each in template["Resources"].items() if each.get("Condition") == "HasEdge"}
    return differences("HasEdge", edge, there)


def only_the_distribution_reads_the_bucket(template: Template) -> Broken:
    resources = template["Resources"]
    blocked = dict.fromkeys(("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True)
    bucket = {
        "BucketEncryption": {
            "ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
        },
        "PublicAccessBlockConfiguration": blocked,
    }
    source = {"Fn::Sub": "arn:${AWS::Partition}:cloudfront::${AWS::AccountId}:distribution/${Distribution}"}
    readers = {
        "Bucket": {"Ref": "Portal"},
        "PolicyDocument": {
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "cloudfront.amazonaws.com"},
                    "Action": "s3:GetObject",
                    "Resource": {"Fn::Sub": "${Portal.Arn}/*"},
                    "Condition": {"StringEquals": {"AWS:SourceArn": source}},
                }
            ]
        },
    }
    access = {
        "Name": {"Fn::Sub": "tika-${Stage}-portal"},
        "OriginAccessControlOriginType": "s3",
        "SigningBehavior": "always",
        "SigningProtocol": "sigv4",
    }
    return [
        *differences("Portal", bucket, resources["Portal"]["Properties"]),
        *differences("PortalReaders", readers, resources["PortalReaders"]["Properties"]),
        *differences("PortalAccess", access, resources["PortalAccess"]["Properties"]["OriginAccessControlConfig"]),
    ]


CONTENT = {
    "default-src": "'none'", "script-src": "'self'", "style-src": "'self'", "img-src": "'self'",
    "connect-src": "'self'", "worker-src": "'self'", "base-uri": "'none'", "form-action": "'self'",
    "frame-ancestors": "'none'",
}  # fmt: skip
YEAR_S = 365 * 24 * 3600


def the_page_may_load_its_own_files_and_nothing_else(template: Template) -> Broken:
    config = template["Resources"]["PortalHeaders"]["Properties"]["ResponseHeadersPolicyConfig"]
    headers = config["SecurityHeadersConfig"]
    content = headers["ContentSecurityPolicy"]
    allowed = dict(part.split(maxsplit=1) for part in content["ContentSecurityPolicy"].split(";"))
    wanted = {
        "ContentSecurityPolicy": {"ContentSecurityPolicy": content["ContentSecurityPolicy"], "Override": True},
        "ContentTypeOptions": {"Override": True},
        "FrameOptions": {"FrameOption": "DENY", "Override": True},
        "ReferrerPolicy": {"ReferrerPolicy": "same-origin", "Override": True},
        "StrictTransportSecurity": {"AccessControlMaxAgeSec": YEAR_S, "Override": True},
    }
    of_ours = [{"Header": "Permissions-Policy", "Value": "geolocation=(self)", "Override": True}]
    return [
        *differences("ContentSecurityPolicy", CONTENT, allowed),
        *differences("PortalHeaders", wanted, headers),
        *differences("PortalHeaders", {"Items": of_ours}, config["CustomHeadersConfig"]),
        *differences("PortalHeaders", {"Fn::Sub": "tika-${Stage}-portal"}, config["Name"]),
    ]


def the_edges_own_functions_run(template: Template) -> Broken:
    """What they do is tried in tests/unit/test_edge.py, where they run in Node."""
    broken = []
    for name, end in (("PortalPaths", "paths"), ("VisitorHeaders", "visitor")):
        properties = template["Resources"][name]["Properties"]
        there = {key: properties.get(key) for key in ("Name", "AutoPublish")}
        broken += differences(name, {"Name": {"Fn::Sub": f"tika-${{Stage}}-{end}"}, "AutoPublish": True}, there)
        broken += differences(name, "cloudfront-js-2.0", properties["FunctionConfig"]["Runtime"])
    return broken


# --- the web ACL -----------------------------------------------------------------------------------------------------


@dataclass
class Request:
    path: str  # as it travels, the stage first
    headers: dict[str, str] = field(default_factory=dict)


class Acl:
    """The web ACL of the template, with the counters of its limits; five minutes are over when a new one is made."""

    def __init__(self, template: Template):
        self.template = template
        self.properties = template["Resources"]["Guard"]["Properties"]
        self._seen: dict[str, Counter[str]] = {}

    def answer(self, request: Request) -> dict[str, Any] | None:
        """The custom response, {} for a plain 403, None where the request passes."""
        for rule in _by_priority(self.properties["Rules"]):
            if self._holds(rule["Statement"], request, rule["Name"]):
                (action,) = rule["Action"]
                if action == "Block":
                    return rule["Action"]["Block"].get("CustomResponse", {})
                if action == "Allow":
                    return None
        return None if "Allow" in self.properties["DefaultAction"] else {}

    def _holds(self, statement: dict[str, Any], request: Request, rule: str) -> bool:
        ((kind, told),) = statement.items()
        if kind == "AndStatement":
            return all(self._holds(each, request, rule) for each in told["Statements"])
        if kind == "NotStatement":
            return not self._holds(told["Statement"], request, rule)
        if kind == "ByteMatchStatement":
            return self._matches(told, request)
        if kind == "RateBasedStatement":
            return self._is_over(told, request, rule)
        raise LookupError(kind)

    def _matches(self, told: dict[str, Any], request: Request) -> bool:
        where = told["FieldToMatch"]
        value = request.path if "UriPath" in where else request.headers.get(where["SingleHeader"]["Name"], "")
        for each in _by_priority(told["TextTransformations"]):
            value = {"NONE": str, "URL_DECODE": unquote, "NORMALIZE_PATH": posixpath.normpath}[each["Type"]](value)
        searched = told["SearchString"]
        searched = "the secret" if searched == EDGE_SECRET else searched["Fn::Sub"].replace("${Stage}", STAGE)
        compare = {"EXACTLY": str.__eq__, "STARTS_WITH": str.startswith}[told["PositionalConstraint"]]
        return compare(value, searched)

    def _is_over(self, told: dict[str, Any], request: Request, rule: str) -> bool:
        if "ScopeDownStatement" in told and not self._holds(told["ScopeDownStatement"], request, rule):
            return False
        by = told["ForwardedIPConfig"] if told["AggregateKeyType"] == "FORWARDED_IP" else {}
        visitor = request.headers.get(by.get("HeaderName", ""))
        if visitor is None:
            return by.get("FallbackBehavior") != "NO_MATCH"
        seen = self._seen.setdefault(rule, Counter())
        seen[visitor] += 1
        return seen[visitor] > self.template["Parameters"][told["Limit"]["Ref"]]["Default"]


def _by_priority(parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Raises ValueError where AWS would take none: for no part, or two of one priority."""
    if not parts or len({part["Priority"] for part in parts}) < len(parts):
        raise ValueError
    return sorted(parts, key=lambda part: part["Priority"])


def _through_the_edge(path: str, visitor: str = "203.0.113.7") -> Request:
    return Request(f"/{STAGE}{path}", {"x-tika-edge": "the secret", "x-tika-visitor": visitor})


def nobody_comes_past_the_edge_but_who_signs(template: Template) -> Broken:
    acl = Acl(template)
    calls = {
        "through the edge": (_through_the_edge("/api/v2/status"), None),
        "past it": (Request(f"/{STAGE}/api/v2/status"), {}),
        "with another secret": (Request(f"/{STAGE}/api/v2/status", {"x-tika-edge": "the secret?"}), {}),
        "publishing": (Request(f"/{STAGE}/api/v2/admin/sessions"), None),
        "changing": (Request(f"/{STAGE}/api/v2/admin/sessions/1234"), None),
        "publishing, spelled otherwise": (Request(f"/{STAGE}/api/v2/admin/%73essions"), None),
        "past it by a detour": (Request(f"/{STAGE}/api/v2/admin/sessions/../../status"), {}),
        "past it by a hidden detour": (Request(f"/{STAGE}/api/v2/admin/sessions/%2e%2e/%2e%2e/status"), {}),
    }
    return [
        each for call, (request, wanted) in calls.items() for each in differences(call, wanted, acl.answer(request))
    ]


TOO_OFTEN = {
    "ResponseCode": 429,
    "CustomResponseBodyKey": "too-often",
    "ResponseHeaders": [
        {"Name": "Retry-After", "Value": "300"},
        {"Name": "Access-Control-Allow-Origin", "Value": "*"},
    ],
}


def an_address_asks_for_so_many_codes_and_makes_so_many_calls(template: Template) -> Broken:
    """And nobody pays for another, nor is anybody counted who came without an address."""
    parameters = template["Parameters"]
    broken = []
    for limit, paths in {
        "CodesPerAddress": (
            "/api/v2/auth/public/generateOTP",
            "/api/v2/%61uth/confirmOTP",
            "/api//v2/auth/x",
        ),
        "CallsPerAddress": ("/api/v2/status", "/api/v2/appointment/hold"),
    }.items():
        most = parameters[limit]["Default"]
        for path in paths:
            acl = Acl(template)
            told = [acl.answer(_through_the_edge(path)) for _ in range(most + 1)]
            broken += differences(f"{limit} at {path}", ([None] * most, TOO_OFTEN), (told[:-1], told[-1]))
            other = acl.answer(_through_the_edge(path, visitor="203.0.113.8"))
            broken += differences(f"{limit} of a neighbour", None, other)
            unknown = Request(f"/{STAGE}{path}", {"x-tika-edge": "the secret"})
            broken += differences(f"{limit} of nobody", None, acl.answer(unknown))
    return broken


def the_web_acl_guards_the_api_and_says_what_it_refuses(template: Template) -> Broken:
    properties = template["Resources"]["Guard"]["Properties"]
    broken = differences("Guard.Scope", "REGIONAL", properties["Scope"])
    rules = [rule["Name"] for rule in _by_priority(properties["Rules"])]
    broken += differences("Guard.Rules", ["past-the-edge", "codes-per-address", "calls-per-address"], rules)
    broken += differences("Guard", {"too-often"}, set(properties["CustomResponseBodies"]))
    said = properties["CustomResponseBodies"]["too-often"]
    broken += differences("Guard", "APPLICATION_JSON", said["ContentType"])
    for name, of in [(rule["Name"], rule) for rule in properties["Rules"]] + [
        ({"Fn::Sub": "tika-${Stage}"}, properties)
    ]:
        wanted = {"CloudWatchMetricsEnabled": True, "MetricName": name, "SampledRequestsEnabled": False}
        broken += differences(f"{name} shows nobody's request", wanted, of["VisibilityConfig"])
    there = template["Resources"]["GuardOfApi"]["Properties"]
    arn = "arn:${AWS::Partition}:apigateway:${AWS::Region}::/restapis/${Api}/stages/${ApiStage}"
    wanted = {
        "ResourceArn": {"Fn::Sub": [arn, {"ApiStage": {"Ref": "Api.Stage"}}]},
        "WebACLArn": {"Fn::GetAtt": ["Guard", "Arn"]},
    }
    return broken + differences("GuardOfApi", wanted, there)


RULES = [
    each_address_is_kept_for_all_or_asked_for_one,
    the_key_of_a_cached_answer_is_all_that_changes_it,
    the_distribution_is_reached_by_https_and_keeps_no_error,
    everything_of_the_edge_is_there_with_it_alone,
    only_the_distribution_reads_the_bucket,
    the_page_may_load_its_own_files_and_nothing_else,
    the_edges_own_functions_run,
    nobody_comes_past_the_edge_but_who_signs,
    an_address_asks_for_so_many_codes_and_makes_so_many_calls,
    the_web_acl_guards_the_api_and_says_what_it_refuses,
]

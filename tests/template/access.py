"""What each function may do: as SECURITY.md says, on resources named in full.

That each needs all of it is seen in tests/integration/test_roles.py.
"""

import re
from typing import Any

from tests.template.rules import ROOT, Broken, Template, differences, functions, operation

# How a resource is named, and what that means in SECURITY.md.
TABLES, QUEUES, SECRETS = {"Otp", "Citizens", "Slots"}, {"OtpQueue"}, {"TokenKey", "Pepper"}
POLICY = {"Fn::Sub": "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter${Policy}"}
ANYTHING_BUT_TOPICS = {"Fn::Sub": "arn:${AWS::Partition}:sns:${AWS::Region}:${AWS::AccountId}:*"}
NAMES = [
    *(({"Fn::GetAtt": [name, "Arn"]}, name) for name in sorted(TABLES | QUEUES)),
    *(({"Fn::GetAtt": [name, "Id"]}, name) for name in sorted(SECRETS)),
    *(
        ({"Fn::Sub": f"${{Slots.Arn}}/index/{index}"}, f"Slots/index/{index}")
        for index in ("by_district", "by_pincode", "by_center", "lapsing")
    ),
    (POLICY, "Policy"),
]


def each_function_may_do_what_the_document_says(template: Template) -> Broken:
    chapter = (ROOT / "SECURITY.md").read_text().partition("## What each function may do")[2].partition("## ")[0]
    told = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", chapter, re.MULTILINE))
    there = {operation(function): _said(function) for function in functions(template).values()}
    return differences("SECURITY.md", told, there)


def _said(function: dict[str, Any]) -> str:
    by_resource: dict[str, list[str]] = {}
    for policy in function.get("Policies", []):
        for statement in policy["Statement"]:
            if statement["Effect"] != "Allow":
                return "a statement that does not allow"
            for resource in _resources(statement):
                by_resource.setdefault(resource, []).extend(_actions(statement, resource))
    said = "; ".join(f"{resource}: {', '.join(sorted(actions))}" for resource, actions in sorted(by_resource.items()))
    return said or "nothing"


SERVICES = {"dynamodb": {*TABLES, "Slots/index"}, "sqs": QUEUES, "secretsmanager": SECRETS, "ssm": {"Policy"}}


def _actions(statement: dict[str, Any], resource: str) -> list[str]:
    """Without their service, which is that of the resource."""
    named = [each.split(":") for each in _as_list(statement["Action"])]
    kind = resource.rpartition("/")[0] or resource
    fits = all(kind in SERVICES.get(service, {"anything but topics"}) for service, _ in named)
    return [action if fits else f"{service}:{action}" for service, action in named]


def _resources(statement: dict[str, Any]) -> list[str]:
    if "NotResource" in statement:
        return ["anything but topics" if statement["NotResource"] == ANYTHING_BUT_TOPICS else "anything"]
    return [
        next((name for spelled, name in NAMES if spelled == resource), str(resource))
        for resource in _as_list(statement["Resource"])
    ]


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


RULES = [each_function_may_do_what_the_document_says]

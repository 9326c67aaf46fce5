"""What keeps something: tables as the code's models have them, queues, secrets and the policy."""

from typing import Any

from pynamodb.models import Model

from tests.template.rules import Broken, Template, differences
from tika.tables.citizens import AppointmentRow, CitizenRow
from tika.tables.otp import OtpRow
from tika.tables.slots import Seat, SessionRow, SlotRow

MODELS: dict[str, type[Model]] = {"Otp": OtpRow, "Citizens": CitizenRow, "Slots": SlotRow}
INDEXES = [SessionRow.by_district, SessionRow.by_pincode, SessionRow.by_center, Seat.lapsing]
OF_PEOPLE = {"Citizens", "Slots"}  # a table replaced by mistake is kept, and can be brought back to any second
TIMES_TO_LIVE = {
    "Otp": OtpRow.expires_at.attr_name,
    "Citizens": AppointmentRow.expires_at.attr_name,
}
WARM = {
    "Fn::If": [
        "IsWarm",
        {"WriteUnitsPerSecond": {"Ref": "WarmWrites"}, "ReadUnitsPerSecond": {"Ref": "WarmReads"}},
        {"Ref": "AWS::NoValue"},
    ]
}


def tables_are_as_the_models_have_them(template: Template) -> Broken:
    broken = []
    for name, model in MODELS.items():
        keys = [each for each in model.get_attributes().values() if each.is_hash_key or each.is_range_key]
        properties: dict[str, Any] = {
            "BillingMode": "PAY_PER_REQUEST",
            "DeletionProtectionEnabled": {"Ref": "ProtectData"},
            "SSESpecification": {"SSEEnabled": True},
            "WarmThroughput": WARM,
            "KeySchema": _schema(keys),
        }
        if name in TIMES_TO_LIVE:
            properties["TimeToLiveSpecification"] = {"AttributeName": TIMES_TO_LIVE[name], "Enabled": True}
        if name in OF_PEOPLE:
            properties["PointInTimeRecoverySpecification"] = {"PointInTimeRecoveryEnabled": True}
        if name == "Slots":
            properties["StreamSpecification"] = {"StreamViewType": "KEYS_ONLY"}  # no person leaves the table
            properties["GlobalSecondaryIndexes"] = [_index(each) for each in INDEXES]
        of_indexes = [
            each for index in INDEXES if name == "Slots" for each in index._get_schema()["attribute_definitions"]
        ]
        types = {each.attr_name: each.attr_type for each in keys}
        types |= {each["AttributeName"]: each["AttributeType"] for each in of_indexes}
        properties["AttributeDefinitions"] = [
            {"AttributeName": attribute, "AttributeType": kind} for attribute, kind in types.items()
        ]
        wanted = {"Properties": properties, "Type": "AWS::DynamoDB::Table"}
        if name in OF_PEOPLE:
            wanted |= {"UpdateReplacePolicy": "Retain", "DeletionPolicy": "Delete"}
        there = template["Resources"][name]
        broken += differences(name, _in_order(wanted), _in_order(there))
    return broken


def _in_order(table: dict[str, Any]) -> dict[str, Any]:
    """With the attributes by name: their order means nothing."""
    properties = table["Properties"]
    ordered = sorted(properties["AttributeDefinitions"], key=lambda each: each["AttributeName"])
    return table | {"Properties": properties | {"AttributeDefinitions": ordered}}


def _schema(keys: list[Any]) -> list[dict[str, str]]:
    by_role = sorted(keys, key=lambda key: not key.is_hash_key)
    return [{"AttributeName": key.attr_name, "KeyType": "HASH" if key.is_hash_key else "RANGE"} for key in by_role]


def _index(index: Any) -> dict[str, Any]:
    schema = index._get_schema()
    wanted = {
        "IndexName": schema["index_name"],
        "KeySchema": sorted(schema["key_schema"], key=lambda key: key["KeyType"]),
        "Projection": schema["projection"],
    }
    return wanted | ({"WarmThroughput": WARM} if index is Seat.lapsing else {})  # every hold writes there


HOUR_S, DAY_S = 3600, 24 * 3600
QUEUES = {
    "OtpQueue": {
        "SqsManagedSseEnabled": True,
        "VisibilityTimeout": 60,
        "MessageRetentionPeriod": 4 * HOUR_S,  # as SECURITY.md says
        "RedrivePolicy": {
            "deadLetterTargetArn": {"Fn::GetAtt": ["OtpDeadLetters", "Arn"]},
            "maxReceiveCount": 5,  # a number that carriers refuse five times is looked at by people
        },
    },
    "OtpDeadLetters": {"SqsManagedSseEnabled": True, "MessageRetentionPeriod": 14 * DAY_S},
    "CountDeadLetters": {"SqsManagedSseEnabled": True, "MessageRetentionPeriod": 14 * DAY_S},
}


def queues_keep_what_they_should(template: Template) -> Broken:
    there = {
        name: each["Properties"] for name, each in template["Resources"].items() if each["Type"] == "AWS::SQS::Queue"
    }
    return differences("queues", QUEUES, there)


def secrets_are_long_and_made_by_aws(template: Template) -> Broken:
    """Alphanumeric characters: 64 hold 381 bits, 40 of a header 238. The pepper outlives its resource."""
    broken = []
    for name, length in {"TokenKey": 64, "Pepper": 64, "EdgeSecret": 40}.items():
        secret = template["Resources"][name]
        made = {"PasswordLength": length, "ExcludePunctuation": True}
        broken += differences(name, made, secret["Properties"]["GenerateSecretString"])
    kept = {key: template["Resources"]["Pepper"].get(key) for key in ("UpdateReplacePolicy", "DeletionPolicy")}
    return broken + differences("Pepper", {"UpdateReplacePolicy": "Retain", "DeletionPolicy": "Delete"}, kept)


RULES = [tables_are_as_the_models_have_them, queues_keep_what_they_should, secrets_are_long_and_made_by_aws]

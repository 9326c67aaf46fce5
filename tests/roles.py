"""The functions' roles, judged as IAM judges them: what a role of template.yaml allows, and what a handler asks for.

Where `enforced`, as in all tests of tests/integration, every handler acts under its own role: a request that the role
does not allow is denied as AWS would deny it, and the test fails.
"""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, wraps
from typing import Any

from botocore.exceptions import ClientError
from ministack.core.iam_evaluator import EvalContext, ParsedStatement, evaluate, parse_policy_document

from tests.template import rules

REGION, ACCOUNT = "ap-south-1", "123456789012"
PHONE = "*"  # a text message has no resource that IAM could name,
ANYTHING_BUT_TOPICS = "anything but topics"  # so this is what the only NotResource of the template comes to

type Need = tuple[str, str]  # an action and the ARN it is done to

# The members of a transaction, each of which IAM judges as the action that it is.
_IN_TRANSACTION = {
    "ConditionCheck": "dynamodb:ConditionCheckItem",
    "Delete": "dynamodb:DeleteItem",
    "Put": "dynamodb:PutItem",
    "Update": "dynamodb:UpdateItem",
}


# --- what a role allows ----------------------------------------------------------------------------------------------


def allows(operation: str, need: Need) -> bool:
    """Whether the role of a function allows this."""
    action, arn = need
    policy = _policy(operation, os.environ["PEPPER_SECRET"], os.environ["TOKEN_KEY_SECRET"])
    context = EvalContext(f"arn:aws:iam::{ACCOUNT}:role/{operation}", "AssumedRole", ACCOUNT, action, arn, REGION)
    return evaluate(context, [policy]).decision == "Allow"


def granted(operation: str) -> Iterator[tuple[str, str]]:
    """(action, resource) of the template's own statements, each resource by its logical id."""
    for statement in statements(operation):
        for action in _as_list(statement["Action"]):
            for resource in _as_list(statement.get("Resource", ANYTHING_BUT_TOPICS)):
                yield action, _spelled(resource)


@cache
def statements(operation: str) -> list[dict[str, Any]]:
    (function,) = (each for each in rules.functions(rules.read()).values() if rules.operation(each) == operation)
    return [statement for policy in function.get("Policies", []) for statement in policy["Statement"]]


@cache
def _policy(operation: str, pepper: str, token_key: str) -> list[ParsedStatement]:
    names = {"Pepper.Id": pepper, "TokenKey.Id": token_key}
    document = {"Statement": [_resolved(statement, names) for statement in statements(operation)]}
    return parse_policy_document(document)


def _resolved(value: Any, names: dict[str, str]) -> Any:
    """With the ARNs that the in-process tests have in place of references."""
    if isinstance(value, list):
        return [_resolved(part, names) for part in value]
    if not isinstance(value, dict):
        return value
    if "Fn::GetAtt" in value:
        return _arn(".".join(value["Fn::GetAtt"]), names)
    if "Fn::Sub" in value:
        text = value["Fn::Sub"]
        for name in set(text.split("${")[1:]):
            reference = name.partition("}")[0]
            text = text.replace(f"${{{reference}}}", _arn(reference, names))
        return text
    return {key: _resolved(part, names) for key, part in value.items()}


def _arn(reference: str, names: dict[str, str]) -> str:
    known = names | {
        "AWS::Partition": "aws",
        "AWS::Region": REGION,
        "AWS::AccountId": ACCOUNT,
        "Policy": os.environ["POLICY_PARAMETER"],
        "OtpQueue.Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:otp",
        "Otp.Arn": _table(os.environ["OTP_TABLE"]),
        "Citizens.Arn": _table(os.environ["CITIZENS_TABLE"]),
        "Slots.Arn": _table(os.environ["SLOTS_TABLE"]),
    }
    return known[reference]


def _spelled(resource: Any) -> str:
    if isinstance(resource, str):
        return resource
    if "Fn::GetAtt" in resource:
        return resource["Fn::GetAtt"][0]
    return resource["Fn::Sub"].rpartition("${")[2].replace(".Arn}", "").removesuffix("}")


def _table(name: str) -> str:
    return f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{name}"


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


# --- what a handler asks for -----------------------------------------------------------------------------------------


def needs(service: str, call: str, parameters: dict[str, Any]) -> Iterator[Need]:
    """What IAM judges a request by. Raises LookupError for one that nobody has thought of yet."""
    if call == "TransactWriteItems":
        for item in parameters["TransactItems"]:
            for member, written in item.items():
                yield _IN_TRANSACTION[member], _table(written["TableName"])
    elif service == "dynamodb":
        index = parameters.get("IndexName")
        yield f"dynamodb:{call}", _table(parameters["TableName"]) + (f"/index/{index}" if index else "")
    elif service == "secretsmanager":
        yield f"secretsmanager:{call}", parameters["SecretId"]
    elif service == "ssm":
        yield f"ssm:{call}", f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter{parameters['Name']}"
    elif service == "sqs":
        yield f"sqs:{call}", f"arn:aws:sqs:{REGION}:{ACCOUNT}:{parameters['QueueUrl'].rpartition('/')[2]}"
    elif service == "sns":
        yield f"sns:{call}", PHONE if "PhoneNumber" in parameters else parameters["TopicArn"]
    else:
        raise LookupError(f"{service}:{call}")


# --- acting under a role ---------------------------------------------------------------------------------------------

enforced = False  # whether a request that a role does not allow is denied
used: set[tuple[str, str, str]] = set()  # (operation, action, ARN) of everything asked for while enforced

_NOBODY = ""  # may do anything
_mine = threading.local()
_at_work: list[str] = []
_lock = threading.Lock()


def acting_as[R](operation: str) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """Around a handler: what it and its threads ask of AWS is judged by the role of `operation`."""

    def around(handler: Callable[..., R]) -> Callable[..., R]:
        @wraps(handler)
        def acted(*args: Any, **kwargs: Any) -> R:
            with _lock:
                _at_work.append(operation)
            try:
                with _as(operation):
                    return handler(*args, **kwargs)
            finally:
                with _lock:
                    _at_work.remove(operation)

        return acted

    return around


@contextmanager
def nobody() -> Iterator[None]:
    """What a test itself does in the middle of a handler is nobody's."""
    with _as(_NOBODY):
        yield


@contextmanager
def _as(operation: str) -> Iterator[None]:
    before = getattr(_mine, "operation", None)
    _mine.operation = operation
    try:
        yield
    finally:
        _mine.operation = before


def judge(client: Any, call: str, parameters: dict[str, Any]) -> None:
    """Raises what AWS answers to a request that the role does not allow."""
    operation = _whose() if enforced else _NOBODY
    if operation == _NOBODY:
        return
    for action, arn in needs(client.meta.service_model.service_name, call, parameters):
        used.add((operation, action, arn))
        if not allows(operation, (action, arn)):
            denied = {"Code": "AccessDeniedException", "Message": f"{operation} may not {action} on {arn}"}
            raise ClientError({"Error": denied, "ResponseMetadata": {"HTTPStatusCode": 400}}, call)


def _whose() -> str:
    """A thread that a handler started does not know whose it is: of the one handler at work, if there is only one."""
    mine = getattr(_mine, "operation", None)
    if mine is not None:
        return mine
    with _lock:
        return _at_work[0] if len(_at_work) == 1 else _NOBODY

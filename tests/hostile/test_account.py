"""The account behind the API: roles that refuse on the deployed system, and a rotation of the key that signs."""

import time
from collections.abc import Iterator

import httpx
import jwt
import pytest

from local.system import REGION, System
from tests import roles
from tests.citizens import API, SignIn
from tests.template import rules
from tika.keys import _key_id

pytestmark = pytest.mark.system

ACCOUNT = "000000000000"
# What nothing of Tika's ever does, and whoever takes over a function would like to.
COVETED = {
    "dynamodb:BatchWriteItem",
    "dynamodb:DeleteTable",
    "dynamodb:ExportTableToPointInTime",
    "dynamodb:Scan",
    "iam:PassRole",
    "lambda:InvokeFunction",
    "lambda:UpdateFunctionCode",
    "secretsmanager:PutSecretValue",
    "sns:Publish",
    "sqs:PurgeQueue",
    "ssm:PutParameter",
    "sts:AssumeRole",
}
# What SAM adds, for all resources of the account: everybody writes logs, two read what calls them.
ADDED = {
    "send_otp": {"sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"},
    "count_seats": {
        "dynamodb:DescribeStream",
        "dynamodb:GetRecords",
        "dynamodb:GetShardIterator",
        "dynamodb:ListStreams",
    },
}
FUNCTIONS = {rules.operation(function): name for name, function in rules.functions(rules.read()).items()}
ACTIONS = sorted(
    COVETED
    | {action for operation in FUNCTIONS for action, _ in roles.granted(operation)}
    | {action for actions in ADDED.values() for action in actions}
)


@pytest.fixture(scope="module")
def arns(system: System) -> dict[str, str]:
    """What there is in the stack, by the name that the template's roles have for it."""
    stack = system.client("cloudformation").describe_stack_resources(StackName="tika")["StackResources"]
    ids = {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in stack}
    secrets = system.client("secretsmanager")
    found = {name: secrets.describe_secret(SecretId=ids[name])["ARN"] for name in ("Pepper", "TokenKey")}
    for table in ("Otp", "Citizens", "Slots"):
        found[table] = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{ids[table]}"
    for index in ("by_district", "by_pincode", "by_center", "lapsing"):
        found[f"Slots/index/{index}"] = f"{found['Slots']}/index/{index}"
    for queue in ("OtpQueue", "OtpDeadLetters", "CountDeadLetters"):
        found[queue] = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{ids[queue].rpartition('/')[2]}"
    found["Policy"] = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter{ids['Policy']}"
    found["Alarms"] = ids["Alarms"]
    found["BookSlot"] = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{ids['BookSlot']}"
    found["the role itself"] = f"arn:aws:iam::{ACCOUNT}:role/{ids['BookSlotRole']}"
    found[roles.ANYTHING_BUT_TOPICS] = roles.PHONE
    return found


def done_to(arn: str) -> list[str]:
    """The actions that can be done to a resource: those of its own service."""
    services = {"sns", "sts"} if arn == roles.PHONE else {arn.split(":")[2], *(["sts"] if ":role/" in arn else [])}
    return [action for action in ACTIONS if action.partition(":")[0] in services]


@pytest.mark.parametrize("operation", sorted(FUNCTIONS))
def test_a_deployed_role_allows_what_the_template_says_and_refuses_all_else(system: System, arns, operation) -> None:
    """Each action that any function may do, and those that none may, on each resource of the stack."""
    iam = system.client("iam")
    role = f"arn:aws:iam::{ACCOUNT}:role/{system.resource(FUNCTIONS[operation] + 'Role')}"

    allowed = {
        (result["EvalActionName"], name)
        for name, arn in arns.items()
        for result in iam.simulate_principal_policy(PolicySourceArn=role, ActionNames=done_to(arn), ResourceArns=[arn])[
            "EvaluationResults"
        ]
        if result["EvalDecision"] == "allowed"
    }

    added = {
        (action, name) for action in ADDED.get(operation, ()) for name, arn in arns.items() if action in done_to(arn)
    }
    # SAM lets the stream's reader say where it gave up.
    lost = {("sqs:SendMessage", "CountDeadLetters")} if operation == "count_seats" else set()
    assert allowed == set(roles.granted(operation)) | added | lost


def test_a_function_is_stopped_by_its_role_and_says_nothing_of_it(system: System, citizen: httpx.Client) -> None:
    """What the emulator judges above it also enforces: with one right less, one route fails."""
    iam, role = system.client("iam"), system.resource("StatusRole")
    deny = '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"dynamodb:GetItem","Resource":"*"}]}'

    def look() -> httpx.Response:  # past the edge, which would keep an answer
        return citizen.get(f"{system.api_url}{API}/status")

    before = look()
    iam.put_role_policy(RoleName=role, PolicyName="less", PolicyDocument=deny)
    try:
        without = look()
    finally:
        iam.delete_role_policy(RoleName=role, PolicyName="less")
    after = look()

    assert [answer.status_code for answer in (before, without, after)] == [200, 500, 200]
    assert without.json()["errorCode"] == "TIKA0099"
    assert not [word for word in ("dynamodb", "GetItem", "denied", "arn:") if word in without.text]


@pytest.mark.parametrize("action", ["execute-api:Invoke", "dynamodb:Scan"])
def test_signing_is_not_enough_for_ops(system: System, ops, action: str) -> None:
    """Whoever signs with good keys of the account still needs the right to invoke the API."""
    iam, name = system.client("iam"), f"clerk-{action.partition(':')[0]}"
    iam.create_user(UserName=name)
    allow = f'{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"{action}","Resource":"*"}}]}}'
    iam.put_user_policy(UserName=name, PolicyName="only", PolicyDocument=allow)
    key = iam.create_access_key(UserName=name)["AccessKey"]

    answer = ops("POST", f"{API}/admin/sessions", {}, key=key["AccessKeyId"], secret=key["SecretAccessKey"])

    # With the right the function itself answers, to a body that is no session.
    assert answer.status_code == (400 if action == "execute-api:Invoke" else 403)


# --- rotation --------------------------------------------------------------------------------------------------------


class Rotation:
    """The secret of the tokens' key; what it held is put back at the end, as others are signed in by it."""

    def __init__(self, system: System):
        self._system, self._id, self._client = system, system.resource("TokenKey"), system.client("secretsmanager")
        self._before = [self._client.get_secret_value(SecretId=self._id, VersionStage="AWSCURRENT")["SecretString"]]
        try:
            older = self._client.get_secret_value(SecretId=self._id, VersionStage="AWSPREVIOUS")["SecretString"]
            self._before.insert(0, older)
        except self._client.exceptions.ResourceNotFoundException:
            pass

    def put(self, key: str) -> None:
        self._client.put_secret_value(SecretId=self._id, SecretString=key)
        self.start_afresh()

    @property
    def current(self) -> str:
        """The key that signed before the rotations of the test."""
        return self._before[-1]

    def start_afresh(self) -> None:
        """A new container, as after a deployment: it knows no key yet. An old one may believe its own for 5 minutes."""
        name = self._system.resource("DeleteBeneficiary")
        self._system.client("lambda").update_function_configuration(FunctionName=name, Timeout=10)  # what it is anyway

    def undo(self) -> None:
        for key in self._before:
            self.put(key)


@pytest.fixture
def rotation(system: System) -> Iterator[Rotation]:
    rotation = Rotation(system)
    yield rotation
    rotation.undo()


def test_a_token_outlives_one_rotation_and_not_its_key(
    rotation: Rotation, sign_in: SignIn, citizen: httpx.Client
) -> None:
    claims = jwt.decode(sign_in(people=0).token, options={"verify_signature": False})
    first, second = "1" * 64, "2" * 64

    def admitted(token: str) -> bool:
        answer = citizen.post(
            f"{API}/registration/beneficiary/delete",
            json={"beneficiary_reference_id": "10000000000000"},
            headers={"Authorization": f"Bearer {token}"},
        )
        assert (answer.status_code, answer.json()["errorCode"] if answer.status_code == 400 else answer.text) in (
            (400, "APPOIN0001"),
            (401, "Unauthenticated access!"),
        )
        return answer.status_code == 400

    def by(key: str) -> str:
        return jwt.encode(claims | {"exp": int(time.time()) + 900}, key, "HS256", headers={"kid": _key_id(key)})

    # Signed here: another test may have rotated the key just now, and who issues tokens signs with the old one for a
    # while.
    token = by(rotation.current)
    rotation.start_afresh()
    seen = [admitted(token)]
    for key in (first, second):
        rotation.put(key)
        seen.append(admitted(token))

    assert seen == [True, True, False]
    assert [admitted(by(key)) for key in (second, first, "3" * 64)] == [True, True, False]

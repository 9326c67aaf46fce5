"""The clients know less than botocore's own, and ask the same of AWS."""

from itertools import product
from typing import Any

import botocore.session
import pytest
from botocore.awsrequest import AWSPreparedRequest
from botocore.exceptions import UnknownServiceError
from botocore.session import Session

from local import finish_build
from tika.aws import CONNECTION, SERVICES

CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "dynamodb": ("get_item", {"TableName": "citizens", "Key": {"pk": {"S": "a"}}}),
    "secretsmanager": ("get_secret_value", {"SecretId": "pepper"}),
    "sns": ("publish", {"PhoneNumber": "+919999999999", "Message": "a"}),
    "sqs": ("send_message", {"QueueUrl": "https://queues.example/1/otp", "MessageBody": "a"}),
    "ssm": ("get_parameter", {"Name": "/tika/test/policy"}),
}
REGIONS = ("ap-south-1", "ap-south-2", "us-east-1", "us-gov-west-1", "cn-north-1", "eu-isoe-west-1")


class Seen(Exception):
    """The request, in place of sending it."""


@pytest.mark.parametrize(("service", "region"), product(SERVICES, REGIONS))
def test_a_request_goes_where_botocore_alone_would_send_it(service: str, region: str) -> None:
    assert _request(CONNECTION.session, service, region) == _request(botocore.session.get_session(), service, region)


def test_the_build_keeps_what_clients_are_made_of() -> None:
    assert set(SERVICES) == finish_build.SERVICES


def test_a_service_that_is_not_ours_is_not_known() -> None:
    with pytest.raises(UnknownServiceError):
        CONNECTION.session.create_client("s3")


def _request(session: Session, service: str, region: str) -> tuple[str, str]:
    """The address of a request, and for whom, where and in which way it is signed."""
    client = session.create_client(
        service, region_name=region, aws_access_key_id="testing", aws_secret_access_key="testing"
    )

    def seen(request: AWSPreparedRequest, **_: Any) -> None:
        raise Seen(request)

    client.meta.events.register_first("before-send", seen)
    operation, arguments = CALLS[service]
    with pytest.raises(Seen) as stopped:
        getattr(client, operation)(**arguments)
    [request] = stopped.value.args
    signed = request.headers["Authorization"]
    signed = signed.decode() if isinstance(signed, bytes) else signed
    scheme, credential = signed.split(", ")[0].split(" ")
    _key, _day, *scope = credential.split("/")  # the day may change between the two
    return request.url, " ".join((scheme, *scope))

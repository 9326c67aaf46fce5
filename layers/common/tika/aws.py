"""The clients of AWS, built once per container by one library (botocore): half of a cold start is building them."""

from functools import cache
from typing import Any

import botocore
from botocore.config import Config
from botocore.exceptions import ConnectionError as NoConnection
from botocore.exceptions import HTTPClientError
from botocore.loaders import Loader
from pynamodb.connection import Connection

# A citizen waits at the other end and API Gateway hangs up after 29 s: fail fast, and try three times in all.
CONNECT_TIMEOUT_S, READ_TIMEOUT_S, RETRIES = 1, 2, 2
POOL_CONNECTIONS = 32  # release_stale works with this many threads at most

# What clients are made of. The build leaves the models of all other services out.
SERVICES = ("dynamodb", "secretsmanager", "sns", "sqs", "ssm")


class _Models(Loader):
    """What botocore knows of these services, without two looks that took two thirds of making a client: through the
    folders of all services, and into the list of their endpoints from before each model had rules of its own, 1.2 MB.
    """

    def list_available_services(self, type_name: str) -> list[str]:
        return list(SERVICES)

    def load_data_with_path(self, name: str) -> tuple[Any, str]:
        if name == "endpoints":
            return {"partitions": []}, self.BUILTIN_DATA_PATH
        return super().load_data_with_path(name)


CONNECTION = Connection(
    connect_timeout_seconds=CONNECT_TIMEOUT_S,
    read_timeout_seconds=READ_TIMEOUT_S,
    max_retry_attempts=RETRIES,
    max_pool_connections=POOL_CONNECTIONS,
)
CONNECTION.session.register_component("data_loader", _Models())
# A name of our own: botocore would put its long one together anew for each request, a fifth of the request's CPU time.
CONNECTION.session.set_default_client_config(Config(user_agent=f"tika botocore/{botocore.__version__}"))


@cache
def client(service: str) -> Any:
    """The botocore client of a service other than DynamoDB, with the session (and its loaded models) of CONNECTION."""
    return CONNECTION.session.create_client(
        service,
        config=Config(
            connect_timeout=CONNECT_TIMEOUT_S,
            read_timeout=READ_TIMEOUT_S,
            retries={"mode": "standard", "total_max_attempts": 1 + RETRIES},
        ),
    )


_OVERLOAD_CODES = {
    "InternalFailure",
    "InternalServerError",
    "InternalServiceError",
    "LimitExceededException",
    "ProvisionedThroughputExceeded",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "ServiceUnavailable",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingError",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionConflict",
    "TransactionConflictException",
    "TransactionInProgressException",
}


def is_overload(error: BaseException) -> bool:
    """Whether AWS throttled, failed or did not answer: nothing is wrong with the request, and it may be sent again.

    Follows causes, as PynamoDB wraps what botocore raises.
    """
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, HTTPClientError | NoConnection):
            return True
        response = getattr(seen, "response", None)
        if isinstance(response, dict):
            codes = {response.get("Error", {}).get("Code")}
            codes |= {reason.get("Code") for reason in response.get("CancellationReasons", [])}
            if codes & _OVERLOAD_CODES or response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= 500:
                return True
        seen = getattr(seen, "cause", None) or seen.__cause__
    return False

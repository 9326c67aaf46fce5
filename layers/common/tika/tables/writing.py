"""Writes under a condition: one row, or several in one transaction."""

import random
import time
from collections.abc import Sequence
from typing import Any

from botocore.exceptions import ClientError
from pynamodb.exceptions import PutError, TransactWriteError, VerboseClientError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from tika.aws import CONNECTION
from tika.refusals import Crowded


class ConditionFailed(Exception):
    """A conditional update found the row otherwise; `old` is the row as it was, or None where there was none."""

    def __init__(self, old: Any):
        super().__init__("the row did not meet the condition")
        self.old = old


def update(row: Model, actions: list[Action], condition: Condition) -> Any:
    """Update the item with `row`'s keys and give it back as it is now. Raises ConditionFailed with the row as it was.

    Model.update would not say what the row was, and a second read to find out could find something else.
    """
    request = CONNECTION.get_operation_kwargs(
        row.Meta.table_name,
        *row._get_hash_range_key_serialized_values(),
        actions=actions,
        condition=condition,
        return_values="ALL_NEW",
        return_values_on_condition_failure="ALL_OLD",
    )
    try:
        return type(row).from_raw_data(CONNECTION.dispatch("UpdateItem", request)["Attributes"])
    except VerboseClientError as error:
        cause: Any = error.__cause__
        if cause.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        old = cause.response.get("Item")
        raise ConditionFailed(old and type(row).from_raw_data(old)) from None


def create(row: Model) -> bool:
    """Write a row that is to be new. Gives back whether it was; False where one with its keys is there already."""
    try:
        row.save(condition=type(row).pk.does_not_exist())
    except PutError as error:
        # PynamoDB can name the code of an answer only: asked about a connection that was lost, it fails itself.
        if not isinstance(error.cause, ClientError) or error.cause_response_code != "ConditionalCheckFailedException":
            raise
        return False
    return True


class Cancelled(Exception):
    """A transaction whose conditions did not hold: nothing of it was written.

    `deletes`, `puts`, `updates`: for each action of that kind whether its own condition failed.
    """

    def __init__(self, deletes: list[bool], puts: list[bool], updates: list[bool]):
        super().__init__("a condition of the transaction did not hold")
        self.deletes, self.puts, self.updates = deletes, puts, updates


CONFLICT_TRIES = 6
LONGEST_PAUSE_S = 0.13  # ten transactions, each lost after five conflicts, wait less than half of a life of 10 s

type Put = tuple[Model, Condition]
type Delete = tuple[Model, Condition]
type Update = tuple[Model, list[Action], Condition]


def transact(*, deletes: Sequence[Delete] = (), puts: Sequence[Put] = (), updates: Sequence[Update] = ()) -> None:
    """Write all, each under its condition, or nothing.

    Raises Cancelled where a condition failed, and Crowded where other transactions were in the way each time: the SDK
    does not retry those conflicts.
    """
    for attempt in range(CONFLICT_TRIES):
        try:
            with TransactWrite(connection=CONNECTION) as write:
                for row, condition in deletes:
                    write.delete(row, condition=condition)
                for row, condition in puts:
                    write.save(row, condition=condition)
                for row, actions, condition in updates:
                    write.update(row, actions=actions, condition=condition)
            return
        except TransactWriteError as error:
            # Reasons come back in the order in which PynamoDB sends the actions: deletes, puts, updates.
            codes = [reason and reason.code for reason in error.cancellation_reasons]
            if "ConditionalCheckFailed" in codes:
                failed = [code == "ConditionalCheckFailed" for code in codes]
                first, second = len(deletes), len(deletes) + len(puts)
                raise Cancelled(failed[:first], failed[first:second], failed[second:]) from None
            # Only conflicts are ours to retry. No codes at all is not a cancellation: a missing table, for one.
            if set(codes) - {None} != {"TransactionConflict"}:
                raise
        pause(attempt)
    raise Crowded()


def pause(attempt: int) -> None:
    """Wait a little, longer each time and never as long as the others who wait: 0 to 20 ms, 40 ms, 80 ms, 130 ms."""
    time.sleep(random.uniform(0, min(LONGEST_PAUSE_S, 0.02 * 2**attempt)))

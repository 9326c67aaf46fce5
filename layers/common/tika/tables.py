"""The three tables: their keys, which are spelled nowhere else, and their rows.

otp       CHALLENGE#<txnId> | MOBILE#<keyed hash>
citizens  ACCOUNT#<keyed hash of mobile>  ACCOUNT | PERSON#<reference id> | APPOINTMENT#<reference id>#<dose>
          PHOTOID#<type>#<keyed hash>     PHOTOID
slots     SESSION#<id>                    SESSION | SEAT#<dose>#<slot no>#<seat no>

All instants are whole seconds of the Unix epoch, all dates ISO 8601 in Indian Standard Time.
An absent seat row is a free place. A HELD seat whose `hold_until` has passed is free as well, swept or not.
"""

import json
import os
import random
import time
from collections.abc import Iterator, Sequence
from typing import Any

from botocore.exceptions import ClientError
from pynamodb.attributes import (
    BooleanAttribute,
    DiscriminatorAttribute,
    JSONAttribute,
    ListAttribute,
    NumberAttribute,
    UnicodeAttribute,
)
from pynamodb.exceptions import PutError, TransactWriteError, VerboseClientError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, IncludeProjection
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from tika.aws import CONNECTION
from tika.refusals import Crowded

# What an appointment or a seat can be. REMOVED is a place that its centre took back: a seat row that nobody may claim.
HELD, BOOKED, CANCELLED, LAPSED, REMOVED = "HELD", "BOOKED", "CANCELLED", "LAPSED", "REMOVED"
DELETED = "DELETED"  # a tombstone in place of the appointments of a deleted person, so that no late claim revives them

LAPSING_SHARDS = 16  # so that no partition of the index is hot when a whole opening minute lapses at once


class Json(JSONAttribute):
    """Compact, and Indian scripts as they are: escaped they would take six bytes a character instead of three."""

    def serialize(self, value: Any) -> str | None:
        return None if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


# --- otp -------------------------------------------------------------------------------------------------------------


class OtpRow(Model):
    class Meta:
        table_name = os.environ.get("OTP_TABLE", "otp")

    pk = UnicodeAttribute(hash_key=True)
    kind = DiscriminatorAttribute()
    expires_at = NumberAttribute()  # time to live, and for a challenge also the instant its code expires


class Challenge(OtpRow, discriminator="CHALLENGE"):
    """A code that was sent. Only the keyed hash of the code is kept."""

    mobile = UnicodeAttribute()
    code_hash = UnicodeAttribute()
    attempts = NumberAttribute(default=0)
    used_by = UnicodeAttribute(null=True)  # the request whose right guess used the code up

    @staticmethod
    def key(txn_id: str) -> str:
        return f"CHALLENGE#{txn_id}"


class Mobile(OtpRow, discriminator="MOBILE"):
    """What one mobile number asked for and got wrong, counted across its challenges."""

    txn_id = UnicodeAttribute(null=True)  # the last challenge asked for
    resend_at = NumberAttribute(null=True)
    sends = NumberAttribute(null=True)
    day_ends = NumberAttribute(null=True)  # `sends` counts until then
    failures = NumberAttribute(null=True)
    hour_ends = NumberAttribute(null=True)  # `failures` counts until then

    @staticmethod
    def key(mobile_hash: str) -> str:
        return f"MOBILE#{mobile_hash}"


class Sending(OtpRow, discriminator="SENDING"):
    """A text message on its way, so that a queue message delivered twice sends one text."""

    lease_until = NumberAttribute(null=True)
    holder = UnicodeAttribute(null=True)  # of the lease
    told = UnicodeAttribute(null=True)  # what the last text was about: an appointment that moves is told of again
    sent_at = NumberAttribute(null=True)

    @staticmethod
    def key(subject: str) -> str:
        """`subject` is the id of a challenge or of an appointment."""
        return f"SENDING#{subject}"


# --- citizens --------------------------------------------------------------------------------------------------------


class CitizenRow(Model):
    class Meta:
        table_name = os.environ.get("CITIZENS_TABLE", "citizens")

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    kind = DiscriminatorAttribute()


class Account(CitizenRow, discriminator="ACCOUNT"):
    mobile = UnicodeAttribute()
    created_at = NumberAttribute()
    people = NumberAttribute()

    SK = "ACCOUNT"

    @staticmethod
    def key(account: str) -> str:
        return f"ACCOUNT#{account}"


class PersonRow(CitizenRow, discriminator="PERSON"):
    reference_id = UnicodeAttribute()
    name = UnicodeAttribute()
    birth_year = NumberAttribute()
    gender_id = NumberAttribute(null=True)
    photo_id_type = NumberAttribute()
    photo_id_hash = UnicodeAttribute()
    photo_id_last4 = UnicodeAttribute()
    comorbidity = BooleanAttribute(default=False)
    consent_version = UnicodeAttribute()
    registered_at = NumberAttribute()
    doses = Json(default=list)  # [{"vaccine", "date", "center_id"}], the first dose first

    @staticmethod
    def sort_key(reference_id: str) -> str:
        return f"PERSON#{reference_id}"


class AppointmentRow(CitizenRow, discriminator="APPOINTMENT"):
    """One person's place for one dose, or the last one they had. Written in one transaction with its seat."""

    reference_id = UnicodeAttribute()
    dose = NumberAttribute()
    status = UnicodeAttribute()  # HELD, BOOKED, CANCELLED, LAPSED or DELETED
    appointment_id = UnicodeAttribute()
    session_id = UnicodeAttribute(null=True)
    seat = UnicodeAttribute(null=True)  # sort key of the seat row
    slot = UnicodeAttribute(null=True)  # its label
    date = UnicodeAttribute(null=True)
    vaccine = UnicodeAttribute(null=True)
    center = Json(null=True)  # the centre as it was published, so that one Query answers a citizen's page
    held_at = NumberAttribute(null=True)
    hold_until = NumberAttribute(null=True)  # HELD only
    secret_code = UnicodeAttribute(null=True)  # BOOKED only
    lapses: ListAttribute[Any] = ListAttribute(default=list)  # when holds of this person and dose lapsed, newest last
    expires_at = NumberAttribute(null=True)  # time to live, DELETED only

    @staticmethod
    def sort_key(reference_id: str, dose: int) -> str:
        return f"APPOINTMENT#{reference_id}#{dose}"


class PhotoId(CitizenRow, discriminator="PHOTOID"):
    """Who holds a photo id: one person each."""

    account = UnicodeAttribute()
    reference_id = UnicodeAttribute()

    SK = "PHOTOID"

    @staticmethod
    def key(photo_id_type: int, number_hash: str) -> str:
        return f"PHOTOID#{photo_id_type}#{number_hash}"


# --- slots -----------------------------------------------------------------------------------------------------------


class SlotRow(Model):
    class Meta:
        table_name = os.environ.get("SLOTS_TABLE", "slots")

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    kind = DiscriminatorAttribute()


class ByDistrict(GlobalSecondaryIndex[Any]):
    class Meta:
        index_name = "by_district"
        projection = AllProjection()

    district_key = UnicodeAttribute(hash_key=True)
    date_session = UnicodeAttribute(range_key=True)


class ByPincode(GlobalSecondaryIndex[Any]):
    class Meta:
        index_name = "by_pincode"
        projection = AllProjection()

    pincode_key = UnicodeAttribute(hash_key=True)
    date_session = UnicodeAttribute(range_key=True)


class ByCenter(GlobalSecondaryIndex[Any]):
    class Meta:
        index_name = "by_center"
        projection = AllProjection()

    center_key = UnicodeAttribute(hash_key=True)
    date_session = UnicodeAttribute(range_key=True)


class Lapsing(GlobalSecondaryIndex[Any]):
    """Sparse: HELD seats only, in the order in which they lapse."""

    class Meta:
        index_name = "lapsing"
        projection = IncludeProjection(["kind", "appointment_id", "account", "reference_id", "dose"])

    lapsing_shard = UnicodeAttribute(hash_key=True)
    hold_until = NumberAttribute(range_key=True)


class SessionRow(SlotRow, discriminator="SESSION"):
    """A published session. A withdrawn one has left the indexes by which it is found."""

    session_id = UnicodeAttribute()
    date = UnicodeAttribute()
    vaccine = UnicodeAttribute()
    min_age = NumberAttribute()
    max_age = NumberAttribute(null=True)
    center = Json()  # {"center_id", "name", ..., "fee_type", "fee"}: see sessions.Center
    slots = Json()  # [{"slot": label, "dose1": n, "dose2": n}]: seats 0 to n-1 exist; n never goes down
    free = Json()  # [[dose 1, dose 2] by slot], derived from the seat rows at `counted_at`
    capacity = Json()  # [[dose 1, dose 2] by slot], the seats less those REMOVED, likewise
    counted_at = NumberAttribute()  # to the millisecond: counts follow one another within a second
    published_at = NumberAttribute()
    change_id = UnicodeAttribute(null=True)  # of the latest change of its places: one that is overtaken stops
    withdrawn_at = NumberAttribute(null=True)
    district_key = UnicodeAttribute(null=True)
    pincode_key = UnicodeAttribute(null=True)
    center_key = UnicodeAttribute(null=True)
    date_session = UnicodeAttribute(null=True)

    by_district = ByDistrict()
    by_pincode = ByPincode()
    by_center = ByCenter()

    SK = "SESSION"

    @staticmethod
    def key(session_id: str) -> str:
        return f"SESSION#{session_id}"

    @staticmethod
    def by_date(date: str, session_id: str = "") -> str:
        return f"{date}#{session_id}"


class Seat(SlotRow, discriminator="SEAT"):
    status = UnicodeAttribute()  # HELD, BOOKED or REMOVED
    dose = NumberAttribute()
    appointment_id = UnicodeAttribute()  # of a REMOVED seat: the id of the removal
    account = UnicodeAttribute(null=True)
    reference_id = UnicodeAttribute(null=True)
    hold_until = NumberAttribute(null=True)  # HELD only
    lapsing_shard = UnicodeAttribute(null=True)  # HELD only

    lapsing = Lapsing()

    PREFIX = "SEAT#"

    @staticmethod
    def prefix(dose: int, slot_no: int) -> str:
        return f"{Seat.PREFIX}{dose}#{slot_no:02d}#"

    @staticmethod
    def sort_key(dose: int, slot_no: int, seat_no: int) -> str:
        return f"{Seat.prefix(dose, slot_no)}{seat_no:04d}"

    @staticmethod
    def position(sort_key: str) -> tuple[int, int, int]:
        """(dose, slot no, seat no) of a seat's sort key."""
        _, dose, slot_no, seat_no = sort_key.split("#")
        return int(dose), int(slot_no), int(seat_no)

    @staticmethod
    def shard(number: int) -> str:
        return f"HELD#{number % LAPSING_SHARDS}"


class Freshness(SlotRow, discriminator="FRESHNESS"):
    """One row: when counts were last derived, and how far behind the sales they were."""

    counted_at = NumberAttribute()
    lag_s = NumberAttribute()

    PK = SK = "FRESHNESS"


# PynamoDB gives each table a connection, and each connection a client of 50 to 110 ms: they all share one.
for _base in (OtpRow, CitizenRow, SlotRow):
    _table = _base._get_connection()
    CONNECTION.add_meta_table(_table.get_meta_table())
    _table.connection = CONNECTION
# Built now: a container starts with more of a processor than it answers with, and threads would each build one.
_ = CONNECTION.client


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


def items(table: type[Model], hash_key: str, **query: Any) -> Iterator[dict[str, Any]]:
    """What a Query finds, page by page, as DynamoDB returns it: making models of it takes longer than asking for it.

    `query`: further arguments of PynamoDB's Connection.query.
    """
    while True:
        page = CONNECTION.query(table_name=table.Meta.table_name, hash_key=hash_key, **query)
        yield from page["Items"]
        if not page.get("LastEvaluatedKey"):
            return
        query["exclusive_start_key"] = page["LastEvaluatedKey"]


def account_rows(account: str) -> Iterator[CitizenRow]:
    """All that one account holds, read consistently: eligibility is decided by it."""
    return map(CitizenRow.from_raw_data, items(CitizenRow, Account.key(account), consistent_read=True))


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

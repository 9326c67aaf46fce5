"""The table of sessions and their seats."""

import os
from typing import Any

from pynamodb.attributes import DiscriminatorAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, IncludeProjection
from pynamodb.models import Model

from tika.tables.rows import Json, share_client

LAPSING_SHARDS = 16  # so that no partition of the index is hot when a whole opening minute lapses at once


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


share_client(SlotRow)

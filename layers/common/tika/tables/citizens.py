"""The table of accounts, their people and appointments, and of photo ids."""

import os
from collections.abc import Iterator
from typing import Any

from pynamodb.attributes import (
    BooleanAttribute,
    DiscriminatorAttribute,
    ListAttribute,
    NumberAttribute,
    UnicodeAttribute,
)
from pynamodb.models import Model

from tika.tables.rows import Json, items, share_client


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
    correction = UnicodeAttribute(null=True)  # of the person's year of birth, the last one since the place was taken
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


def account_rows(account: str) -> Iterator[CitizenRow]:
    """All that one account holds, read consistently: eligibility is decided by it."""
    return map(CitizenRow.from_raw_data, items(CitizenRow, Account.key(account), consistent_read=True))


share_client(CitizenRow)

"""Accounts and the people registered in them."""

import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from pynamodb.expressions.condition import Condition

from tika import keys
from tika.clock import epoch
from tika.eligibility import Dose, Person, check_registration
from tika.policy import Policy
from tika.refusals import (
    Crowded,
    NobodyRegistered,
    NoSuchAppointment,
    NoSuchBeneficiary,
    PhotoIdInUse,
    StillNeeded,
    TooManyPeople,
)
from tika.signin.tokens import Caller
from tika.tables.citizens import Account, AppointmentRow, PersonRow, PhotoId, account_rows
from tika.tables.statuses import BOOKED, CANCELLED, DELETED, HELD, LAPSED
from tika.tables.writing import Cancelled, pause, transact

MAX_PEOPLE = 4  # on one mobile number
DOSES = (1, 2)
TRIES = 4
TOMBSTONE_LIVES = timedelta(days=1)  # any claim that was under way when a person was deleted is long dead by then


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody who registers. `photo_id_number` is in the normal form of photo_ids.normal."""

    name: str
    birth_year: int
    gender_id: int | None
    photo_id_type: int
    photo_id_number: str
    comorbidity: bool
    consent_version: str


@dataclass(frozen=True, slots=True)
class Household:
    """All that one account holds: people by reference id, appointments by reference id and dose.

    `deleted`: reference ids of people deleted in the last day.
    """

    people: dict[str, PersonRow]
    appointments: dict[tuple[str, int], AppointmentRow]
    deleted: set[str]

    def person(self, reference_id: str) -> PersonRow:
        """Raises NobodyRegistered or NoSuchBeneficiary."""
        if not self.people:
            raise NobodyRegistered
        if reference_id not in self.people:
            raise NoSuchBeneficiary
        return self.people[reference_id]

    def of(self, appointment_id: str) -> list[AppointmentRow]:
        """The rows of one appointment, a person each. Raises NoSuchAppointment: also for somebody else's."""
        rows = [row for row in self.appointments.values() if row.appointment_id == appointment_id]
        if not rows:
            raise NoSuchAppointment
        return rows


def load(account: str) -> Household:
    """One consistent Query."""
    household = Household({}, {}, set())
    for row in account_rows(account):
        if isinstance(row, PersonRow):
            household.people[row.reference_id] = row
        elif isinstance(row, AppointmentRow) and row.status == DELETED:
            household.deleted.add(row.reference_id)
        elif isinstance(row, AppointmentRow):
            household.appointments[row.reference_id, int(row.dose)] = row
    return household


def stands(row: AppointmentRow, *, now: datetime) -> bool:
    """Whether an appointment is booked, or held and not lapsed."""
    return row.status == BOOKED or (row.status == HELD and row.hold_until > epoch(now))


def as_person(row: PersonRow) -> Person:
    """The values that the rules look at."""
    doses = tuple(Dose(dose["vaccine"], date.fromisoformat(dose["date"])) for dose in row.doses)
    return Person(row.reference_id, int(row.birth_year), doses)


def register(caller: Caller, newcomer: Newcomer, policy: Policy, *, now: datetime) -> str:
    """Register somebody under the caller's mobile and give back their reference id, 14 random digits.

    One transaction of account, person and photo id. The photo id is the natural key: the same person sent again by
    the same account gets the same reference id back.
    Raises RegistrationNotOpen, TooYoungForPhase, TooManyPeople or PhotoIdInUse.
    """
    check_registration(newcomer.birth_year, policy, now=now)
    account, instant = Account.key(caller.account), epoch(now)
    number_hash = keys.keyed_hash("photo id", str(newcomer.photo_id_type), newcomer.photo_id_number)
    photo_id = PhotoId.key(newcomer.photo_id_type, number_hash)
    for _ in range(TRIES):
        reference_id = _new_reference_id()
        person = PersonRow(
            account,
            PersonRow.sort_key(reference_id),
            reference_id=reference_id,
            name=newcomer.name,
            birth_year=newcomer.birth_year,
            gender_id=newcomer.gender_id,
            photo_id_type=newcomer.photo_id_type,
            photo_id_hash=number_hash,
            photo_id_last4=newcomer.photo_id_number[-4:],
            comorbidity=newcomer.comorbidity,
            consent_version=newcomer.consent_version,
            registered_at=instant,
        )

        try:
            transact(
                puts=[
                    (
                        PhotoId(photo_id, PhotoId.SK, account=caller.account, reference_id=reference_id),
                        PhotoId.pk.does_not_exist(),
                    ),
                    (person, PersonRow.pk.does_not_exist()),
                ],
                updates=[
                    (
                        Account(account, Account.SK),
                        [
                            Account.kind.set(Account),
                            Account.mobile.set(caller.mobile),
                            Account.created_at.set(Account.created_at | instant),
                            Account.people.set((Account.people | 0) + 1),
                        ],
                        Account.people.does_not_exist() | (Account.people < MAX_PEOPLE),
                    )
                ],
            )
        except Cancelled as cancelled:
            photo_id_taken, _ = cancelled.puts
            if photo_id_taken:
                if holder := _holder(photo_id):
                    return _registered_before(caller, newcomer, holder)
            elif any(cancelled.updates):
                raise TooManyPeople from None
        else:
            return reference_id
        # What remains: the photo id was given up just now, or the reference id exists in this account. Once more.
    raise Crowded()


def _new_reference_id() -> str:
    """14 random digits, the first of them not 0: tokens carry the id as a number, as the public protocol has it."""
    return str(10**13 + secrets.randbelow(9 * 10**13))


def _holder(photo_id: str) -> PhotoId | None:
    return next(iter(PhotoId.query(photo_id, consistent_read=True)), None)


def _registered_before(caller: Caller, newcomer: Newcomer, holder: PhotoId) -> str:
    """The reference id of the very person who registers again. Raises PhotoIdInUse for anybody else."""
    if holder.account == caller.account:
        person = load(caller.account).people.get(holder.reference_id)
        if person and (person.name, person.birth_year) == (newcomer.name, newcomer.birth_year):
            return holder.reference_id
    raise PhotoIdInUse


def delete(caller: Caller, reference_id: str, *, now: datetime) -> None:
    """Forget a person: they, their photo id and their past appointments go, and the account may register another.

    Deleting again somebody deleted a moment ago is no error.
    Raises NobodyRegistered, NoSuchBeneficiary, or StillNeeded while an appointment stands or a dose is recorded.
    """
    for attempt in range(TRIES):
        household = load(caller.account)
        if reference_id in household.deleted:
            return
        person = household.person(reference_id)
        if person.doses:
            raise StillNeeded("A dose is recorded for this beneficiary, so they cannot be deleted.")
        rows = [household.appointments.get((reference_id, dose)) for dose in DOSES]
        if any(row and stands(row, now=now) for row in rows):
            raise StillNeeded("This beneficiary has an appointment. Please cancel it first.")

        held_photo_id = PhotoId(PhotoId.key(int(person.photo_id_type), person.photo_id_hash), PhotoId.SK)
        try:
            transact(
                deletes=[
                    (person, PersonRow.pk.exists() & (PersonRow.doses == [])),
                    (held_photo_id, PhotoId.reference_id == reference_id),
                ],
                # A claim that read this person a moment ago would write an appointment for nobody. It demands that an
                # appointment is as it was read, and finds these instead.
                puts=[(_tombstone(person, dose, now=now), _idle(now)) for dose in DOSES],
                updates=[(Account(person.pk, Account.SK), [Account.people.add(-1)], Account.people > 0)],
            )
        except Cancelled:
            pause(attempt)  # something moved since it was read: look again
        else:
            return
    raise Crowded()


def _idle(now: datetime) -> Condition:
    lapsed = (AppointmentRow.status == HELD) & (AppointmentRow.hold_until <= epoch(now))
    return AppointmentRow.pk.does_not_exist() | AppointmentRow.status.is_in(CANCELLED, LAPSED) | lapsed


def _tombstone(person: PersonRow, dose: int, *, now: datetime) -> AppointmentRow:
    return AppointmentRow(
        person.pk,
        AppointmentRow.sort_key(person.reference_id, dose),
        reference_id=person.reference_id,
        dose=dose,
        status=DELETED,
        appointment_id=DELETED,
        expires_at=epoch(now + TOMBSTONE_LIVES),
    )

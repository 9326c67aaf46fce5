"""Correcting a person who has had no dose yet, without losing the place that they hold or have booked.

A year of birth decides which places a person may have, so a correction of it and a claim exclude each other: the
correction leaves its mark on the person's appointment, which claims and moves demand to find as they read it. That
costs them nothing, as they write that row anyway.
"""

import uuid
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from tika import keys
from tika.booking import seats
from tika.eligibility import Person, check_age, check_phase_age
from tika.people import registry
from tika.policy import Policy
from tika.refusals import Crowded, NotCorrectable, OutsideAges, PhotoIdInUse
from tika.sessions import sessions
from tika.signin.tokens import Caller
from tika.tables.citizens import AppointmentRow, PersonRow, PhotoId
from tika.tables.statuses import CANCELLED
from tika.tables.writing import Cancelled, pause, transact

TRIES = 4
FIRST = 1  # the only dose that somebody without a dose can have an appointment for


@dataclass(frozen=True, slots=True)
class Correction:
    """What is to be written instead; None for what stays. `photo_id_number` is in the form of photo_ids.normal."""

    name: str | None = None
    birth_year: int | None = None
    gender_id: int | None = None
    comorbidity: bool | None = None
    photo_id_type: int | None = None
    photo_id_number: str | None = None


def correct(caller: Caller, reference_id: str, correction: Correction, policy: Policy, *, now: datetime) -> None:
    """Write the correction, whole or not at all; repeatable.

    Raises NobodyRegistered, NoSuchBeneficiary, NotCorrectable (a dose is recorded, or an appointment stands that would
    not be allowed), TooYoungForPhase, PhotoIdInUse or Crowded.
    """
    for attempt in range(TRIES):
        household = registry.load(caller.account)
        person = household.person(reference_id)
        if person.doses:
            raise NotCorrectable
        changes = _changes(person, correction)
        if not changes:
            return
        appointment = household.appointments.get((reference_id, FIRST))
        deletes, puts = [], []
        as_read = PersonRow.pk.exists() & (PersonRow.doses == []) & (PersonRow.photo_id_hash == person.photo_id_hash)
        updates = [(person, [getattr(PersonRow, name).set(value) for name, value in changes.items()], as_read)]
        if "birth_year" in changes:
            check_phase_age(changes["birth_year"], policy, now=now)
            corrected = replace(registry.as_person(person), birth_year=changes["birth_year"])
            _check_appointment(appointment, corrected, now=now)
            if appointment:
                mark = [AppointmentRow.correction.set(str(uuid.uuid4()))]
                updates.append((appointment, mark, seats.unmoved(appointment)))
            else:
                puts.append((_nothing(person), AppointmentRow.pk.does_not_exist()))
        if "photo_id_hash" in changes:
            before = PhotoId(PhotoId.key(int(person.photo_id_type), person.photo_id_hash), PhotoId.SK)
            key = PhotoId.key(changes["photo_id_type"], changes["photo_id_hash"])
            photo_id = PhotoId(key, PhotoId.SK, account=caller.account, reference_id=reference_id)
            deletes.append((before, PhotoId.reference_id == reference_id))
            puts.append((photo_id, PhotoId.pk.does_not_exist()))
        try:
            transact(deletes=deletes, puts=puts, updates=updates)
        except Cancelled as cancelled:
            # The photo id comes last. Where all else held, it is somebody else's.
            if "photo_id_hash" in changes and cancelled.puts[-1] and not any([*cancelled.deletes, *cancelled.updates]):
                raise PhotoIdInUse from None
            pause(attempt)
        else:
            return
    raise Crowded()


def _changes(person: PersonRow, correction: Correction) -> dict[str, Any]:
    """Values by the name of the person's attribute, those that differ."""
    wanted: dict[str, Any] = {
        "name": correction.name,
        "birth_year": correction.birth_year,
        "gender_id": correction.gender_id,
        "comorbidity": correction.comorbidity,
    }
    if correction.photo_id_type is not None and correction.photo_id_number is not None:
        kind, number = correction.photo_id_type, correction.photo_id_number
        wanted |= {
            "photo_id_type": kind,
            "photo_id_hash": keys.keyed_hash("photo id", str(kind), number),
            "photo_id_last4": number[-4:],
        }
    changes = {name: value for name, value in wanted.items() if value is not None and value != getattr(person, name)}
    if "photo_id_hash" in changes:  # the hash is of both, so it differs wherever the kind does
        changes |= {name: wanted[name] for name in ("photo_id_type", "photo_id_last4")}
    return changes


def _check_appointment(appointment: AppointmentRow | None, person: Person, *, now: datetime) -> None:
    """Raises NotCorrectable where `person`, as corrected, could not have the appointment that stands."""
    if appointment is None or not registry.stands(appointment, now=now):
        return
    session = sessions.load(appointment.session_id, now=now)
    try:
        check_age(person, session)
    except OutsideAges:
        raise NotCorrectable(
            "the appointment that stands is for other ages. Please cancel or move it first.", field="birth_year"
        ) from None


def _nothing(person: PersonRow) -> AppointmentRow:
    """An appointment that is none, where there was no row on which a mark could be left."""
    return AppointmentRow(
        person.pk,
        AppointmentRow.sort_key(person.reference_id, FIRST),
        reference_id=person.reference_id,
        dose=FIRST,
        status=CANCELLED,
        appointment_id=str(uuid.uuid4()),
    )

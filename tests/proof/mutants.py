"""Mutants of what must not break, each to be killed by a test: `make mutants` tries them and writes docs/mutants.md.

A mutant is tried on a copy of the tree. It is killed where a test fails that passes without it; that is tried as well.
A text to replace has to occur exactly once, so the list cannot rot.
"""

import functools
import importlib.util
import multiprocessing
import os
import re
import shutil
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "mutants.md"
NEEDED = [
    "layers",
    "functions",
    "tests",
    "events",
    "data",
    "ops",
    "local",
    "docs",
    "template.yaml",
    "pyproject.toml",
    "conftest.py",
    "samconfig.toml",
]
AT_ONCE = 2
LIMIT_S = 600

_BOOKING = ["test_confirm_slot", "test_cancel_slot", "test_reschedule_slot", "test_release_stale", "test_book_slot"]
_BOOKING_TESTS = [f"tests/integration/{name}.py" for name in _BOOKING]
# What may kill a mutant of a file, the likeliest first. What killed it the last time is tried before.
TESTS = {
    "seats": ["tests/integration/test_races.py", *_BOOKING_TESTS],
    "registry": [
        "tests/integration/test_register.py",
        "tests/integration/test_delete_beneficiary.py",
        "tests/integration/test_races.py",
        *_BOOKING_TESTS,
    ],
    "otp": [
        "tests/integration/test_verify_otp.py",
        "tests/integration/test_request_otp.py",
        "tests/integration/test_overload.py",
    ],
    "sending": ["tests/integration/test_send_otp.py"],
    "sessions": [
        "tests/integration/test_count_seats.py",
        "tests/integration/test_publish_session.py",
        "tests/integration/test_book_slot.py",
        "tests/integration/test_find_sessions.py",
    ],
    "counting": ["tests/integration/test_count_seats.py"],
    "capacity": ["tests/integration/test_publish_session.py"],
    "eligibility": ["tests/unit/test_eligibility.py", "tests/integration/test_register.py"],
    "tokens": ["tests/unit/test_tokens.py"],
    "rows": ["tests/integration/test_count_seats.py"],
    "writing": [
        "tests/integration/test_register.py",
        "tests/integration/test_overload.py",
        "tests/integration/test_count_seats.py",
        "tests/integration/test_publish_session.py",
        *_BOOKING_TESTS,
    ],
    "verify_otp": ["tests/integration/test_verify_otp.py"],
    "count_seats": ["tests/integration/test_count_seats.py"],
    "send_otp": ["tests/integration/test_send_otp.py"],
}


@dataclass(frozen=True, slots=True)
class Mutant:
    """`edits`: texts of the file, each of which occurs once, and what stands there instead."""

    name: str
    file: str
    edits: tuple[tuple[str, str], ...]
    breaks: str

    @property
    def tests(self) -> list[str]:
        path = Path(self.file)
        return TESTS[path.parent.name if path.stem == "app" else path.stem]

    def of(self, source: str) -> str:
        """The mutated source. Raises ValueError where a text does not occur exactly once."""
        for old, new in self.edits:
            if source.count(old) != 1:
                raise ValueError(f"{self.name}: {old!r} occurs {source.count(old)} times in {self.file}")
            source = source.replace(old, new)
        return source


def _of(module: str, *mutants: tuple[str, str, str, str] | tuple[str, list[tuple[str, str]], str]) -> list[Mutant]:
    """(name, old, new, breaks) or (name, [(old, new), ...], breaks)."""
    file = module if module.startswith("functions/") else f"layers/common/tika/{module}.py"
    part = Path(file).parent.name if Path(file).stem == "app" else Path(file).stem
    return [
        Mutant(f"{part}: {name}", file, tuple(edits[0]) if len(edits) == 1 else ((edits[0], edits[1]),), breaks)
        for name, *edits, breaks in mutants
    ]


ANY_SEAT = "Seat.pk.exists() | Seat.pk.does_not_exist()"
ANY_APPOINTMENT = "AppointmentRow.pk.exists() | AppointmentRow.pk.does_not_exist()"

MUTANTS = [
    *_of(
        "booking/seats",
        # --- the condition under which a place is claimed
        (
            "a claim takes any place",
            "((Seat.status == HELD) & (Seat.hold_until < epoch(now) - CLOCK_SKEW_S))",
            "Seat.pk.exists()",
            "a booked place is sold again in a race",
        ),
        (
            "a claim takes a live hold",
            "((Seat.status == HELD) & (Seat.hold_until < epoch(now) - CLOCK_SKEW_S))",
            "(Seat.status == HELD)",
            "a held place is sold again in a race",
        ),
        (
            "a claim forgets that clocks differ",
            "(Seat.hold_until < epoch(now) - CLOCK_SKEW_S))",
            "(Seat.hold_until < epoch(now)))",
            "a container whose clock is ahead takes a hold that another may still confirm",
        ),
        (
            "a claim is a second early",
            "(Seat.hold_until < epoch(now) - CLOCK_SKEW_S))",
            "(Seat.hold_until <= epoch(now) - CLOCK_SKEW_S))",
            "a place is free within the allowance for clocks",
        ),
        (
            "free looks a second early",
            "seat.status == HELD and seat.hold_until < epoch(now) - CLOCK_SKEW_S",
            "seat.status == HELD and seat.hold_until <= epoch(now) - CLOCK_SKEW_S",
            "a place is offered that no claim gets, until Crowded",
        ),
        (
            "free forgets that clocks differ",
            "seat.status == HELD and seat.hold_until < epoch(now) - CLOCK_SKEW_S",
            "seat.status == HELD and seat.hold_until < epoch(now)",
            "a place is offered that no claim gets, until Crowded",
        ),
        ("somebody is listed twice", "if len(set(order.people)) < len(order.people):", "if False:", "one row twice"),
        (
            "a claim forgets its own result",
            "if standing := _standing(household, order, status, now=now):",
            "if _standing(household, order, status, now=now) and False:",
            "the same hold again is refused",
        ),
        (
            "a claim asks no rule",
            "            check_booking(registry.as_person(person), session, slot, order.dose, policy, now=now)\n",
            "",
            "ages, doses and slots begun are not looked at",
        ),
        (
            "a claim ignores lapses",
            "            check_lapses(lapses[person.reference_id], now=now)\n",
            "",
            "whoever parks places may go on",
        ),
        (
            "a hold is twice as long",
            "epoch(now) + policy.hold_seconds",
            "epoch(now) + 2 * policy.hold_seconds",
            "a place is parked for longer than the policy says",
        ),
        (
            "a claim overwrites the appointment",
            "*zip(rows, as_read, strict=True)",
            f"*((row, {ANY_APPOINTMENT}) for row in rows)",
            "two devices of one person get two places",
        ),
        (
            "scheduling does not confirm a hold",
            "if rows[0].status == HELD:",
            "if False:",
            "the answer is 200 and the place lapses",
        ),
        (
            "a hold is not in the sweep's index",
            "                seat.lapsing_shard = Seat.shard(random.randrange(LAPSING_SHARDS))\n",
            "",
            "a lapsed hold is never tidied",
        ),
        (
            "a claim forgets earlier lapses",
            "lapses=lapses[person.reference_id],",
            "lapses=[],",
            "lapses never add up",
        ),
        (
            "part of an appointment is found again",
            "if same_place and as_asked and together == set(order.people):",
            "if same_place and as_asked:",
            "one person's request is answered with the appointment of more",
        ),
        (
            "another place is found again",
            "if same_place and as_asked and together",
            "if as_asked and together",
            "a request for another slot is answered with the old one",
        ),
        (
            "a hold answers with a booking",
            "as_asked = status == BOOKED or all(row.status == HELD for row in standing)",
            "as_asked = True",
            "a hold asked for where a booking stands is granted with no end",
        ),
        (
            "a claim within the allowance for clocks",
            "if any(_lapsed_just_now(row, now=now) for row in rows if row):",
            "if False:",
            "an own hold is claimed over while another container may confirm it",
        ),
        (
            "lapsed just now, without the second itself",
            "<= row.hold_until <= epoch(now)",
            "<= row.hold_until < epoch(now)",
            "in the second of the lapse the claim runs against its own old row",
        ),
        (
            "lapsed just now, a second short",
            "epoch(now) - CLOCK_SKEW_S <= row.hold_until",
            "epoch(now) - CLOCK_SKEW_S < row.hold_until",
            "in the last second of the allowance the claim runs against its own old row",
        ),
        (
            "a first appointment overwrites",
            "    if row is None:\n        return AppointmentRow.pk.does_not_exist()",
            f"    if row is None:\n        return {ANY_APPOINTMENT}",
            "two devices of one person get two places",
        ),
        (
            "an appointment overwrites another",
            "return (AppointmentRow.appointment_id == row.appointment_id) & _uncorrected(row) & idle",
            "return _uncorrected(row) & idle",
            "a lapse of an appointment made meanwhile is lost",
        ),
        (
            "an appointment overwrites what stands",
            "& _uncorrected(row) & idle\n",
            "& _uncorrected(row)\n",
            "a hold that a late clock confirms is written over",
        ),
        (
            "a claim over one's own hold is early",
            "(AppointmentRow.hold_until < epoch(now) - CLOCK_SKEW_S)",
            "(AppointmentRow.hold_until < epoch(now))",
            "a hold is claimed over within the allowance for clocks",
        ),
        (
            "a lapse that nobody swept is not counted",
            "if row.status == HELD and row.hold_until <= epoch(now):",
            "if False:",
            "who parks places may go on until the next sweep",
        ),
        (
            "sold out stays so",
            "if left < wanted and now < until:",
            "if left < wanted:",
            "a place given back is never sold by this container",
        ),
        (
            "sold out while places remain",
            "if left < wanted and now < until:",
            "if left <= wanted and now < until:",
            "the last places of a slot are refused",
        ),
        (
            "sold out for the other dose too",
            "key = (session.session_id, slot.number, dose, there)",
            "key = (session.session_id, slot.number, 1, there)",
            "a cache refuses places it knows nothing of",
        ),
        (
            "a lost race reads what it read before",
            "consistent_read=consistent,",
            "consistent_read=False,",
            "the same lost place looks free again",
        ),
        (
            "live holds are offered",
            "if until is None or until >= lapsed_before}",
            "if until is None}",
            "claims run against live holds until Crowded",
        ),
        ("the last place is not sold", "if len(open_seats) >= wanted:", "if len(open_seats) > wanted:", "a place lost"),
        # --- confirm
        (
            "confirm takes another's place",
            "seat_held = (Seat.appointment_id == appointment_id) & ",
            "seat_held = ",
            "a late clock confirms a place that was sold to somebody else",
        ),
        (
            "confirm does not ask for the place's state",
            "(Seat.appointment_id == appointment_id) & (Seat.status == HELD) & (",
            "(Seat.appointment_id == appointment_id) & (",
            "a booked place is booked again",
        ),
        (
            "confirm does not ask when the place lapses",
            "& (Seat.status == HELD) & (Seat.hold_until > epoch(now))",
            "& (Seat.status == HELD)",
            "a lapsed place is confirmed",
        ),
        (
            "confirm does not ask when the appointment lapses",
            "unmoved(row) & (AppointmentRow.hold_until > epoch(now))",
            "unmoved(row)",
            "a lapsed appointment is confirmed",
        ),
        (
            "confirm after the lapse",
            [
                (
                    "rows = _alive(registry.load(account).of(appointment_id), now=now)\n        held",
                    "rows = registry.load(account).of(appointment_id)\n        held",
                ),
                ("& (Seat.status == HELD) & (Seat.hold_until > epoch(now))", "& (Seat.status == HELD)"),
                ("unmoved(row) & (AppointmentRow.hold_until > epoch(now))", "unmoved(row)"),
            ],
            "a hold is confirmed after it lapsed, if nothing swept",
        ),
        (
            "confirm asks nothing of the appointment",
            "unmoved(row) & (AppointmentRow.hold_until > epoch(now))",
            "AppointmentRow.hold_until > epoch(now)",
            "an appointment cancelled or moved meanwhile is booked",
        ),
        (
            "confirm again is refused",
            "        if not held:\n            return rows",
            '        if not held:\n            raise NotBooked("")',
            "a second tap is told that nothing was booked",
        ),
        (
            "confirm does not sell the place",
            "sell = [Seat.status.set(BOOKED), ",
            "sell = [",
            "the place of a booking lapses",
        ),
        (
            "confirm does not book the appointment",
            "            AppointmentRow.status.set(BOOKED),\n",
            "",
            "the booking lapses, its place stays taken",
        ),
        # --- the appointment is the one that was read
        (
            "unmoved: another appointment",
            "        (AppointmentRow.appointment_id == row.appointment_id)\n        & (AppointmentRow.seat",
            "        AppointmentRow.pk.exists()\n        & (AppointmentRow.seat",
            "an old request changes the appointment made since",
        ),
        (
            "unmoved: another place",
            "        & (AppointmentRow.seat == row.seat)\n",
            "",
            "an appointment moved meanwhile is changed, its old place with it",
        ),
        (
            "unmoved: another session",
            "        & (AppointmentRow.session_id == row.session_id)\n",
            "",
            "an appointment moved meanwhile is changed, its old place with it",
        ),
        (
            "unmoved: another state",
            "        & (AppointmentRow.status == row.status)\n",
            "",
            "what was cancelled meanwhile is booked",
        ),
        # --- cancel
        (
            "cancel for a stranger",
            "if not set(people or ()) <= set(rows):",
            "if False:",
            "somebody of another appointment is not refused",
        ),
        (
            "cancel for all",
            "(rows if people is None else dict.fromkeys(people))",
            "rows",
            "one is cancelled, and all lose their places",
        ),
        (
            "cancel of a lapsed hold does nothing",
            "        if lapsed:\n",
            "        if False:\n",
            "the lapse is not counted",
        ),
        (
            "cancel in the second of the lapse",
            "row.hold_until)], epoch(now) + 1)",
            "row.hold_until)], epoch(now))",
            "cancelling then is refused as Crowded",
        ),
        (
            "cancel again is refused",
            "        if not given_back:\n            return 0",
            '        if not given_back:\n            raise NotBooked("")',
            "a second tap is told that there was nothing",
        ),
        (
            "cancel gives back another's place",
            "(_seat_of(row), mine) for row in given_back",
            "(_seat_of(row), Seat.pk.exists()) for row in given_back",
            "the place of somebody else is given away",
        ),
        (
            "cancel of what moved",
            "updates.append((row, end, unmoved(row)))",
            "updates.append((row, end, AppointmentRow.pk.exists()))",
            "an appointment moved or made since is cancelled",
        ),
        (
            "cancel keeps the place",
            "deletes=[(_seat_of(row), mine) for row in given_back], updates",
            "updates",
            "a place is lost for ever",
        ),
        (
            "cancel forgets that a place was parked",
            "                AppointmentRow.lapses.set(_lapses_after_cancelling(household, row, now=now)),\n",
            "",
            "places are parked and cancelled without end",
        ),
        (
            "parked, a second early",
            "row.held_at > GIVEN_UP_AFTER_S",
            "row.held_at >= GIVEN_UP_AFTER_S",
            "a hold given up in time counts as a lapse",
        ),
        (
            "a booking cancelled counts as parked",
            "parked = row.status == HELD and ",
            "parked = ",
            "who cancels a booking is locked out",
        ),
        # --- reschedule
        (
            "reschedule again takes another place",
            "if all((row.session_id, row.slot) == (session_id, slot_label) for row in rows):",
            "if False:",
            "a second tap moves again, and is refused in a full slot",
        ),
        (
            "reschedule asks no rule",
            "            check_booking(person, session, slot, int(row.dose), policy, now=now)\n",
            "            del person\n",
            "ages and slots begun are not looked at",
        ),
        (
            "reschedule prolongs a hold",
            "hold_until=row.hold_until,",
            "hold_until=row.hold_until and epoch(now) + policy.hold_seconds,",
            "a place is parked without end",
        ),
        (
            "reschedule takes a hold out of the sweep's index",
            "lapsing_shard=Seat.shard(random.randrange(LAPSING_SHARDS)) if row.status == HELD else None,",
            "lapsing_shard=None,",
            "a lapsed hold is never tidied",
        ),
        (
            "reschedule of what moved",
            "still = unmoved(row)",
            "still = AppointmentRow.pk.exists()",
            "an appointment cancelled meanwhile gets a place that nobody has",
        ),
        (
            "reschedule does not ask when the hold lapses",
            "                still &= AppointmentRow.hold_until > epoch(now)\n",
            "                pass\n",
            "a lapsed hold is moved",
        ),
        (
            "reschedule takes any place",
            "puts=[(seat, free(now)) for seat in seats],",
            f"puts=[(seat, {ANY_SEAT}) for seat in seats],",
            "a place is sold twice",
        ),
        (
            "reschedule gives back another's place",
            "(_seat_of(row), mine) for row in rows",
            "(_seat_of(row), Seat.pk.exists()) for row in rows",
            "the place of somebody else is given away",
        ),
        (
            "reschedule keeps the old place",
            "                deletes=[(_seat_of(row), mine) for row in rows],\n",
            "",
            "a place is lost for ever",
        ),
        # --- the sweep
        (
            "the sweep forgets that clocks differ",
            [
                (
                    "Seat.shard(shard), Seat.hold_until < epoch(now) - CLOCK_SKEW_S",
                    "Seat.shard(shard), Seat.hold_until < epoch(now)",
                ),
                ("    before = epoch(now) - CLOCK_SKEW_S\n", "    before = epoch(now)\n"),
            ],
            "a hold is ended that another container may still confirm",
        ),
        (
            "the sweep ends another appointment",
            "return (row.appointment_id == appointment_id) & (row.status == HELD)",
            "return (row.status == HELD)",
            "an old entry of the index ends a hold made since",
        ),
        (
            "the sweep ends a booking",
            "& (row.status == HELD) & (row.hold_until < before)",
            "",
            "a booking is lost: the index lags behind the confirmation",
        ),
        (
            "the sweep does not ask for the state",
            "& (row.status == HELD) & (row.hold_until < before)",
            "& (row.hold_until < before)",
            "a booking that kept its end would be ended",
        ),
        (
            "the sweep does not ask when",
            "& (row.status == HELD) & (row.hold_until < before)",
            "& (row.status == HELD)",
            "a cancellation ends a hold that still stands",
        ),
        (
            "the sweep is a second early",
            "(row.hold_until < before)",
            "(row.hold_until <= before)",
            "a hold is ended within the allowance for clocks",
        ),
        (
            "the sweep names a row twice",
            "        if turns[person] == len(batches):",
            "        turns[person] = 0\n        if not batches:",
            "who let two holds lapse keeps a batch from being tidied",
        ),
        (
            "one who moved on spoils the batch",
            "            deletes = [side for side, moved in zip(deletes, cancelled.deletes, "
            "strict=True) if not moved]\n",
            "            return 0\n",
            "one confirmed hold keeps 49 lapsed ones from being tidied",
        ),
        (
            "a lapse is not counted",
            "        AppointmentRow.lapses.set(AppointmentRow.lapses.append([hold_until])),\n",
            "",
            "who parks places may go on",
        ),
        (
            "the sweep forgets the appointment",
            "transact(deletes=deletes, updates=updates)\n        except Cancelled as cancelled:  #",
            "transact(deletes=deletes)\n        except Cancelled as cancelled:  #",
            "the lapse is not counted",
        ),
    ),
    *_of(
        "people/registry",
        (
            "stands, a second longer",
            "row.hold_until > epoch(now))",
            "row.hold_until >= epoch(now))",
            "a lapsed hold stands",
        ),
        (
            "a lapsed hold stands",
            "(row.status == HELD and row.hold_until > epoch(now))",
            "row.status == HELD",
            "it is confirmed",
        ),
        (
            "anybody's appointment",
            "for row in self.appointments.values() if row.appointment_id == appointment_id]",
            "for row in self.appointments.values()]",
            "an id of somebody else acts on one's own appointments",
        ),
        (
            "no such appointment",
            "        if not rows:\n            raise NoSuchAppointment\n",
            "",
            "an unknown id is no error",
        ),
        (
            "anybody's person",
            "            raise NoSuchBeneficiary\n        return self.people[reference_id]",
            "            return next(iter(self.people.values()))\n        return self.people[reference_id]",
            "the id of somebody else is taken for one's own",
        ),
        (
            "a photo id twice",
            "                        PhotoId.pk.does_not_exist(),\n",
            "                        PhotoId.pk.does_not_exist() | PhotoId.pk.exists(),\n",
            "one person registers under two numbers",
        ),
        (
            "a reference id twice",
            "(person, PersonRow.pk.does_not_exist())",
            "(person, PersonRow.pk.does_not_exist() | PersonRow.pk.exists())",
            "a person is written over by another",
        ),
        ("five people", "(Account.people < MAX_PEOPLE)", "(Account.people <= MAX_PEOPLE)", "five on one number"),
        (
            "any number of people",
            "Account.people.does_not_exist() | (Account.people < MAX_PEOPLE)",
            "Account.people.does_not_exist() | Account.people.exists()",
            "any number on one number",
        ),
        (
            "people are not counted",
            "Account.people.set((Account.people | 0) + 1)",
            "Account.people.set((Account.people | 0) + 0)",
            "any number on one number",
        ),
        (
            "registering again is refused",
            "return _registered_before(caller, newcomer, holder)",
            "raise PhotoIdInUse",
            "a second tap is refused",
        ),
        (
            "somebody else's person",
            [
                ("if holder.account == caller.account:", "if True:"),
                (
                    "load(caller.account).people.get(holder.reference_id)",
                    "load(holder.account).people.get(holder.reference_id)",
                ),
            ],
            "another account learns the reference id of a person",
        ),
        (
            "another name",
            "if person and (person.name, person.birth_year) == (newcomer.name, newcomer.birth_year):",
            "if person:",
            "a photo id registered for one is answered for another",
        ),
        (
            "registering asks no rule",
            "    check_registration(newcomer.birth_year, policy, now=now)\n",
            "",
            "too early, too young",
        ),
        ("deleting again is refused", "if reference_id in household.deleted:", "if False:", "a second tap is refused"),
        (
            "a dose does not keep a person",
            "        if person.doses:\n",
            "        if False:\n",
            "refused, but as Crowded",
        ),
        (
            "an appointment does not keep a person",
            "if any(row and stands(row, now=now) for row in rows):",
            "if False:",
            "refused, but as Crowded",
        ),
        (
            "a dose recorded meanwhile is forgotten",
            "PersonRow.pk.exists() & (PersonRow.doses == [])",
            "PersonRow.pk.exists()",
            "a vaccinated person is deleted in a race",
        ),
        (
            "another's photo id is given up",
            "PhotoId.reference_id == reference_id)",
            "PhotoId.pk.exists())",
            "the photo id of a person registered since is free",
        ),
        (
            "an appointment made meanwhile is written over",
            "(_tombstone(person, dose, now=now), _idle(now))",
            f"(_tombstone(person, dose, now=now), {ANY_APPOINTMENT})",
            "a place belongs to nobody",
        ),
        (
            "no tombstone",
            "                puts=[(_tombstone(person, dose, now=now), _idle(now)) for dose in DOSES],\n",
            "",
            "a claim under way writes an appointment for nobody",
        ),
        (
            "idle, a second late",
            "(AppointmentRow.hold_until <= epoch(now))",
            "(AppointmentRow.hold_until < epoch(now))",
            "in the second of the lapse deleting ends as Crowded",
        ),
        (
            "deleting leaves the count",
            "[Account.people.add(-1)]",
            "[Account.people.add(0)]",
            "nobody may take the room",
        ),
    ),
    *_of(
        "signin/otp",
        (
            "admitted a second late",
            "if too_long_s > 0:",
            "if too_long_s > 1:",
            "a text comes after another may be asked for",
        ),
        (
            "refused a second early",
            "if too_long_s > 0:",
            "if too_long_s >= 0:",
            "codes are refused that would come in time",
        ),
        (
            "the queue goes first",
            [
                ("        _count_send(row, txn_id, policy.otp_resend_seconds, at)\n", ""),
                (
                    '        messages.send_code(txn_id, seal({"mobile": mobile, "text": text}), '
                    "expires_at=expires_at)\n",
                    '        messages.send_code(txn_id, seal({"mobile": mobile, "text": text}), '
                    "expires_at=expires_at)\n"
                    "        _count_send(row, txn_id, policy.otp_resend_seconds, at)\n",
                ),
            ],
            "texts go out that are not allowed",
        ),
        (
            "a failed send is kept",
            "        _give_back(row, txn_id)\n        raise\n    return",
            "        raise\n    return",
            "no code, and no other for minutes",
        ),
        (
            "rested, a second late",
            "(Mobile.resend_at <= at)",
            "(Mobile.resend_at < at)",
            "refused in the second promised",
        ),
        (
            "trusted with one failure too many",
            "(Mobile.failures < FAILURES_PER_HOUR) | (Mobile.hour_ends <= at)",
            "(Mobile.failures <= FAILURES_PER_HOUR) | (Mobile.hour_ends <= at)",
            "a locked number gets the first code of a day",
        ),
        (
            "trusted, a second late",
            "FAILURES_PER_HOUR) | (Mobile.hour_ends <= at)",
            "FAILURES_PER_HOUR) | (Mobile.hour_ends < at)",
            "refused in the second promised",
        ),
        ("a day, a second late", "(Mobile.day_ends <= at)", "(Mobile.day_ends < at)", "refused in the second promised"),
        (
            "the first of a day does not rest",
            "new_day & rested & trusted",
            "new_day & trusted",
            "two at once after midnight",
        ),
        (
            "the first of a day for anybody",
            "new_day & rested & trusted",
            "new_day & rested",
            "a locked number gets a code",
        ),
        (
            "later ones do not rest",
            "some_left & rested & trusted",
            "some_left & trusted",
            "fifty at once send fifty texts",
        ),
        (
            "later ones for anybody",
            "some_left & rested & trusted",
            "some_left & rested",
            "a number locked meanwhile gets a code",
        ),
        ("later ones without end", "some_left & rested & trusted", "rested & trusted", "more than ten a day in a race"),
        (
            "an eleventh code",
            "row.sends >= SENDS_PER_DAY",
            "row.sends > SENDS_PER_DAY",
            "refused, but with the wrong reason",
        ),
        (
            "the day does not count",
            [
                ("some_left = Mobile.sends < SENDS_PER_DAY", "some_left = Mobile.sends <= SENDS_PER_DAY"),
                ("row.sends >= SENDS_PER_DAY", "row.sends > SENDS_PER_DAY"),
            ],
            "eleven codes a day",
        ),
        (
            "sends are not counted",
            "Mobile.sends.set(Mobile.sends + 1)",
            "Mobile.sends.set(Mobile.sends + 0)",
            "codes without end",
        ),
        (
            "the own first write is not known",
            "if seen.txn_id == txn_id:",
            "if False:",
            "a lost answer refuses the code it allowed",
        ),
        (
            "the own later write is not known",
            "if failed.old and failed.old.txn_id == txn_id:",
            "if False:",
            "a lost answer refuses the code it allowed",
        ),
        (
            "asked in the second promised",
            "if (row.resend_at or 0) > at:",
            "if (row.resend_at or 0) >= at:",
            "refused in the second promised",
        ),
        (
            "a locked number asks",
            "    if _is_locked(row, at):\n        raise OtpUnavailable",
            "    if False:\n        raise OtpUnavailable",
            "told that a code was sent",
        ),
        (
            "another's send is given back",
            "update(row, undo, Mobile.txn_id == txn_id)",
            "update(row, undo, Mobile.txn_id.exists())",
            "the cooldown of another request ends",
        ),
        (
            "compared before it is counted",
            [
                (
                    "    challenge = _count_try(txn_id, at)\n",
                    "    try:\n"
                    "        challenge = Challenge.get(Challenge.key(txn_id), consistent_read=True)\n"
                    "    except Challenge.DoesNotExist:\n"
                    "        raise _rejected() from None\n"
                    "    if challenge.attempts >= TRIES_PER_CODE or challenge.used_by or challenge.expires_at <= at:\n"
                    "        raise _rejected()\n",
                ),
                (
                    "        _count_failure(row, at)\n        raise",
                    "        _count_try(txn_id, at)\n        _count_failure(row, at)\n        raise",
                ),
            ],
            "fifty guesses at once are all compared",
        ),
        ("any code", "if not hmac.compare_digest(", "if False and not hmac.compare_digest(", "anybody signs in"),
        (
            "a locked number guesses",
            "    if _is_locked(row, at):\n        raise _rejected()",
            "    if False:\n        raise _rejected()",
            "guesses go on across codes",
        ),
        ("failures are not counted", "        _count_failure(row, at)\n", "", "a new code buys new guesses"),
        (
            "a code twice",
            "[Challenge.used_by.set(mine)], _usable(epoch(now))",
            "[Challenge.used_by.set(mine)], Challenge.expires_at > epoch(now)",
            "two tokens for one code",
        ),
        (
            "the own use is not known",
            "if failed.old is None or failed.old.used_by != mine:",
            "if True:",
            "a lost answer costs the code",
        ),
        (
            "any use is the own",
            "if failed.old is None or failed.old.used_by != mine:",
            "if failed.old is None:",
            "two tokens for one code",
        ),
        (
            "a sixth guess",
            "(Challenge.attempts < TRIES_PER_CODE)",
            "(Challenge.attempts <= TRIES_PER_CODE)",
            "six guesses",
        ),
        (
            "guesses are not counted",
            "Challenge.attempts.set(Challenge.attempts + 1)",
            "Challenge.attempts.set(Challenge.attempts + 0)",
            "guesses without end",
        ),
        (
            "a code a second longer",
            "(Challenge.expires_at > at)",
            "(Challenge.expires_at >= at)",
            "an expired code is good",
        ),
        (
            "a used code is compared",
            "Challenge.used_by.does_not_exist() & (Challenge.expires_at > at)",
            "Challenge.expires_at > at",
            "two tokens for one code",
        ),
        (
            "an hour, a second longer",
            "Mobile.failures + 1)], Mobile.hour_ends > at",
            "Mobile.failures + 1)], Mobile.hour_ends >= at",
            "a failure counts in an hour that is over",
        ),
        (
            "an hour begun late",
            "Mobile.hour_ends.does_not_exist() | (Mobile.hour_ends <= at),",
            "Mobile.hour_ends.does_not_exist() | (Mobile.hour_ends < at),",
            "a failure in the last second is lost",
        ),
        (
            "an hour begun again",
            "Mobile.hour_ends.does_not_exist() | (Mobile.hour_ends <= at),",
            "Mobile.pk.exists() | Mobile.pk.does_not_exist(),",
            "guesses at once begin the hour again and are lost",
        ),
        (
            "a failure in a race is lost",
            "            continue  # the hour",
            "            return  # the hour",
            "guesses at once are not counted",
        ),
        (
            "locked with one failure more",
            "(row.failures or 0) >= FAILURES_PER_HOUR",
            "(row.failures or 0) > FAILURES_PER_HOUR",
            "eleven guesses",
        ),
        (
            "locked a second longer",
            "and (row.hour_ends or 0) > at",
            "and (row.hour_ends or 0) >= at",
            "refused in the second promised",
        ),
        (
            "failures read late",
            "return Mobile.get(key, consistent_read=True)",
            "return Mobile.get(key)",
            "failures just counted do not lock",
        ),
    ),
    *_of(
        "functions/verify_otp/app.py",
        ("a code is not used up", "    otp.use_up(challenge, now=now)\n", "", "two tokens for one code"),
        (
            "used up before all else",
            [
                ("    otp.use_up(challenge, now=now)\n", ""),
                (
                    "    caller = otp.caller_of(challenge)\n",
                    "    otp.use_up(challenge, now=now)\n    caller = otp.caller_of(challenge)\n",
                ),
            ],
            "a failure on the way costs the code",
        ),
    ),
    *_of(
        "texts/sending",
        (
            "a code too late",
            "<= epoch(now) + messages.ARRIVES_S",
            "< epoch(now) + messages.ARRIVES_S",
            "a text comes when its code has expired",
        ),
        ("a cancelled booking is told", "        and row.status == BOOKED\n", "", "told of a booking that is none"),
        (
            "another appointment is told",
            '        and row.appointment_id == message["appointment_id"]\n',
            "",
            "told of another booking",
        ),
        (
            "a move is told twice",
            '        and _slot(messages.place_of(row)) == _slot(message["place"])\n',
            "",
            "the old message tells of the new place",
        ),
        (
            "told again",
            "update(row, lease, untold & unleased)",
            "update(row, lease, unleased)",
            "a message delivered twice is sent twice",
        ),
        ("no lease", "update(row, lease, untold & unleased)", "update(row, lease, untold)", "two copies send at once"),
        (
            "a lease, a second short",
            "(Sending.lease_until < at)",
            "(Sending.lease_until <= at)",
            "two copies send at once",
        ),
        (
            "told is an error",
            "if failed.old.told == about:",
            "if False:",
            "a message sent is delivered until it is a dead letter",
        ),
        ("the own lease is not known", "if failed.old.holder != holder:", "if True:", "a lost answer delays the text"),
        ("anybody's lease is the own", "if failed.old.holder != holder:", "if False:", "two copies send at once"),
        (
            "a failed text keeps the lease",
            "        _mark(row, holder, [Sending.lease_until.remove()])\n",
            "",
            "the next delivery is put off",
        ),
        (
            "a text is not marked",
            "    _mark(row, holder, [Sending.told.set(about), Sending.sent_at.set(at), "
            "Sending.lease_until.remove()])\n",
            "",
            "a message delivered twice is sent twice",
        ),
        (
            "another's lease is marked",
            "update(row, actions, Sending.holder == holder)",
            "update(row, actions, Sending.holder.exists())",
            "a copy that was late ends the lease of another",
        ),
        (
            "marked before it is sent",
            [
                (
                    "    try:\n        _publish(kind, mobile, text)\n",
                    "    _mark(row, holder, [Sending.told.set(about)])\n    try:\n        "
                    "_publish(kind, mobile, text)\n",
                ),
            ],
            "a text that failed is never sent",
        ),
    ),
    *_of(
        "functions/send_otp/app.py",
        (
            "a failure is swallowed",
            "    sending.send(record.body, queued_at, now=utc_now())\n",
            "    import contextlib\n\n    with contextlib.suppress(Exception):\n        "
            "sending.send(record.body, queued_at, now=utc_now())\n",
            "a text that failed is never sent",
        ),
    ),
    *_of(
        "sessions/sessions",
        (
            "a session is kept for ever",
            "timedelta(0) <= now - known[0] < KEEP_FOR",
            "timedelta(0) <= now - known[0]",
            "a withdrawn session is sold",
        ),
        (
            "a session is kept a moment longer",
            "now - known[0] < KEEP_FOR",
            "now - known[0] <= KEEP_FOR",
            "older than promised",
        ),
        (
            "a clock that goes back",
            "timedelta(0) <= now - known[0] < KEEP_FOR",
            "now - known[0] < KEEP_FOR",
            "kept for as long as the clock was ahead",
        ),
        (
            "a withdrawn session is sold",
            "    if row.withdrawn_at is not None:\n        raise NoSuchSlot\n",
            "",
            "places that are gone",
        ),
        (
            "a withdrawn session is published",
            "    if before.withdrawn_at is not None:\n        raise SessionDiffers",
            "    if False:\n        raise SessionDiffers",
            "200 for a session that is gone",
        ),
        (
            "another capacity is no error",
            "    if before.capacity != row.capacity:\n",
            "    if False:\n",
            "200 for places that are not there",
        ),
        ("another session is no error", "    if different:\n", "    if False:\n", "200 for a session that is another"),
        (
            "a hold counts a second longer",
            'int(item["hold_until"]["N"]) > epoch(now)',
            'int(item["hold_until"]["N"]) >= epoch(now)',
            "counts lag behind",
        ),
        (
            "lapsed holds are counted",
            ' != HELD or int(item["hold_until"]["N"]) > epoch(now)',
            ' != HELD or int(item["hold_until"]["N"]) > 0',
            "free places look taken",
        ),
        (
            "removed places are counted as taken",
            "            removed[slot_no, dose] = ",
            "            taken[slot_no, dose] = ",
            "capacity looks as before a cut",
        ),
        (
            "counts go back in time",
            "actions, SessionRow.counted_at == before)",
            "actions, SessionRow.counted_at.exists())",
            "an old count writes over a new one",
        ),
        (
            "a late clock sets counts back",
            "max(now.timestamp(), before + 0.001)",
            "now.timestamp()",
            "two counts pass for the same, and the older may write over the newer",
        ),
        (
            "one count is enough",
            "        if not stored:\n            break\n",
            "        break\n",
            "an older count stands",
        ),
        (
            "a count reads late",
            "        consistent_read=True,\n        scan_index_forward=False,",
            "        consistent_read=False,\n        scan_index_forward=False,",
            "the sale that set it off is not counted",
        ),
        (
            "freshness goes back",
            "Freshness.counted_at.does_not_exist() | (Freshness.counted_at <= counted_at)",
            "Freshness.counted_at.does_not_exist() | Freshness.counted_at.exists()",
            "the page says it is older than it is",
        ),
        (
            "freshness of the same second is lost",
            "(Freshness.counted_at <= counted_at)",
            "(Freshness.counted_at < counted_at)",
            "the lag said is an older one",
        ),
    ),
    *_of(
        "sessions/counting",
        (
            "fresh although something failed",
            "if not errors and oldest is not None:",
            "if oldest is not None:",
            "the page says it is fresh",
        ),
        (
            "the lag of the newest",
            "else min(oldest, made_at)",
            "else max(oldest, made_at)",
            "the lag said is too short",
        ),
    ),
    *_of(
        "functions/count_seats/app.py",
        ("a failed count is forgotten", "for number in failed]", "for number in failed[:0]]", "counts stay wrong"),
    ),
    *_of(
        "booking/capacity",
        (
            "no fence",
            "[SessionRow.change_id.set(self.change_id)], SessionRow.change_id == self.change_id)",
            "[SessionRow.change_id.set(self.change_id)], SessionRow.change_id.exists())",
            "two changes at once undo each other",
        ),
        (
            "a change overtaken goes on",
            "list(actions), SessionRow.change_id == self.change_id)",
            "list(actions), SessionRow.change_id.exists())",
            "a withdrawal overtaken by a change is finished",
        ),
        (
            "a withdrawn session is changed",
            "there = SessionRow.published_at.exists() & SessionRow.withdrawn_at.does_not_exist()",
            "there = SessionRow.published_at.exists()",
            "places of a session that is gone",
        ),
        ("a change makes a session", "there = SessionRow.published_at.exists() & ", "there = ", "half a session"),
        (
            "a cut takes sold places",
            "seats.free(self.now)) for number in some",
            f"{ANY_SEAT}) for number in some",
            "a booking is lost",
        ),
        (
            "sold places are given back",
            "(row, Seat.status == REMOVED) for row in some",
            "(row, Seat.pk.exists()) for row in some",
            "a booking is lost",
        ),
        (
            "a withdrawal that failed undoes cuts",
            "if row.status == REMOVED and row.appointment_id == self.change_id]",
            "if row.status == REMOVED]",
            "places cut before are sold",
        ),
        ("a withdrawal that failed gives nothing back", "        work.give_all_back()\n", "", "places are lost"),
        (
            "overtaken is a lost place",
            "if cancelled.updates[0]:",
            "if False:",
            "a change overtaken says that all is done",
        ),
        (
            "withdrawn although in use",
            "    _check_unused(work)\n    try:",
            "    try:",
            "all places are taken back and given again, while nobody may book",
        ),
        (
            "withdrawn although sold meanwhile",
            "                if work.remove(dose, slot_no, there):\n                    raise _Lost\n",
            "                work.remove(dose, slot_no, there)\n",
            "a booking in a session that is gone",
        ),
        (
            "withdrawn but found",
            [
                (f"            SessionRow.{name}.remove(),\n", "")
                for name in ("district_key", "pincode_key", "center_key", "date_session")
            ],
            "a session that is gone is offered",
        ),
        (
            "withdrawn but sold",
            "            SessionRow.withdrawn_at.set(epoch(self.now)),\n",
            "",
            "a session that is gone may be changed",
        ),
        (
            "a cut takes all",
            "work.remove(dose, slot_no, free[: places - wanted])",
            "work.remove(dose, slot_no, free)",
            "places are lost",
        ),
        (
            "a rise gives all",
            "work.give_back(removed[: wanted - places])",
            "work.give_back(removed)",
            "more places than wanted, for a moment",
        ),
        (
            "a cut spares lapsed holds",
            "if number not in known or seats.is_free(known[number], now=work.now)",
            "if number not in known",
            "a cut falls short",
        ),
        (
            "removed places count as used",
            "sum(row.status != REMOVED and not",
            "sum(not",
            "a session that was cut is never withdrawn",
        ),
    ),
    *_of(
        "tables/rows",
        (
            "one page is read",
            '        if not page.get("LastEvaluatedKey"):\n            return\n',
            "        return\n",
            "large sessions look free",
        ),
    ),
    *_of(
        "tables/writing",
        (
            "a new row overwrites",
            "row.save(condition=type(row).pk.does_not_exist())",
            "row.save()",
            "a session is published over another, and a used code is good again",
        ),
        (
            "puts and updates mixed up",
            "failed[first:second], failed[second:])",
            "failed[second:], failed[first:second])",
            "the wrong reason is given",
        ),
        (
            "a conflict is an error",
            'if set(codes) - {None} != {"TransactionConflict"}:',
            "if True:",
            "two at once are told 500",
        ),
    ),
    *_of(
        "eligibility",
        (
            "open a moment late",
            "if now < policy.opens_at:",
            "if now <= policy.opens_at:",
            "refused in the moment promised",
        ),
        (
            "the phase's age",
            "birth_year < policy.min_age:",
            "birth_year <= policy.min_age:",
            "the youngest are refused",
        ),
        (
            "the year elsewhere",
            "now.astimezone(IST).year - birth_year",
            "now.year - birth_year",
            "refused for hours of New Year",
        ),
        ("a slot that begins now", "if slot.begins <= now:", "if slot.begins < now:", "a slot begun is booked"),
        (
            "the session's least age",
            "if age < session.min_age:",
            "if age <= session.min_age:",
            "the youngest are refused",
        ),
        (
            "the session's greatest age",
            "and age > session.max_age:",
            "and age >= session.max_age:",
            "the oldest are refused",
        ),
        ("a dose again", "if len(person.doses) >= dose:", "if len(person.doses) > dose:", "a dose given is booked"),
        (
            "a second dose first",
            "    if not person.doses:\n        raise DoseNotDue(",
            "    if not person.doses:\n        return\n        raise DoseNotDue(",
            "a second dose without a first",
        ),
        ("another vaccine", "if first.vaccine != session.vaccine:", "if False:", "two vaccines are mixed"),
        ("the day that is due", "if session.date < due:", "if session.date <= due:", "refused on the day promised"),
        ("no gap", "if session.date < due:", "if False:", "the second dose too early"),
        ("a lapse more", "if len(recent) >= LAPSES_ALLOWED:", "if len(recent) > LAPSES_ALLOWED:", "four holds parked"),
        (
            "the lapse window",
            "for lapse in lapses if lapse > since)",
            "for lapse in lapses if lapse >= since)",
            "an hour and a second",
        ),
        ("a slot of no length", "or first >= last:", "or first > last:", "a slot that ends as it begins"),
    ),
    *_of(
        "signin/tokens",
        (
            "other algorithms",
            'algorithms=["HS256"]',
            'algorithms=["HS256", "HS384", "HS512"]',
            "tokens that we never make",
        ),
        ("no signature", '"verify_exp": False,', '"verify_signature": False, "verify_exp": False,', "anybody signs in"),
        (
            "a token a second longer",
            "expires <= now.timestamp()",
            "expires < now.timestamp()",
            "an expired token is good",
        ),
        (
            "tokens for ever",
            "if type(expires) is not int or expires <= now.timestamp():",
            "if type(expires) is not int:",
            "an expired token is good",
        ),
        ("any kind of end", "if type(expires) is not int or expires", "if expires", "a float or a truth as an end"),
        (
            "any key",
            "_key(key_id), algorithms",
            "next(iter(_keys().values())), algorithms",
            "tokens of the key before are refused",
        ),
        (
            "signed by the older key",
            "key_id, key = next(iter(_keys().items()))",
            "key_id, key = list(_keys().items())[-1]",
            "a rotation ends tokens early",
        ),
        (
            "keys read as often as asked",
            "(again and age > _LOOK_AGAIN_S)",
            "again",
            "anybody may have the secrets read",
        ),
        (
            "a retired key for ever",
            "if age > _KEEP_S or (again",
            'if age == float("inf") or (again',
            "a retired key goes on",
        ),
        (
            "a new key is not looked for",
            "(again and age > _LOOK_AGAIN_S)",
            "False",
            "tokens signed after a rotation are refused",
        ),
    ),
]

_PLACE_ASKED = "The same write asks the place at which it was read for this appointment."
_END_STAYS = "It was read as {} at the same instant, and the end of a hold never changes."
_BOTH_ROWS = "Place and appointment are written together, and the other row is asked the same."
# Second lines of defence: no test can tell that they are missing, and why.
EQUIVALENT = {
    "seats: a claim over one's own hold is early": _END_STAYS.format("past the allowance"),
    "seats: confirm does not ask for the place's state": _BOTH_ROWS,
    "seats: confirm does not ask when the place lapses": _BOTH_ROWS,
    "seats: confirm does not ask when the appointment lapses": _BOTH_ROWS,
    "seats: confirm asks nothing of the appointment": _PLACE_ASKED,
    "seats: unmoved: another appointment": _PLACE_ASKED,
    "seats: unmoved: another place": _PLACE_ASKED,
    "seats: unmoved: another session": _PLACE_ASKED,
    "otp: an hour, a second longer": "At that second an hour is begun, which is tried before.",
    "capacity: sold places are given back": "Only another change could put them on sale, and the fence stops that.",
    "seats: reschedule of what moved": _PLACE_ASKED,
    "seats: the sweep is a second early": "Only what was found to have lapsed before that second is handed to it.",
    "seats: reschedule does not ask when the hold lapses": _END_STAYS.format("standing"),
    "seats: the sweep does not ask for the state": "A booking has no end, so it is not before any instant.",
    "seats: the sweep does not ask when": _END_STAYS.format("lapsed"),
}


def last_killers() -> dict[str, str]:
    """What killed each mutant when docs/mutants.md was written, by the mutant's name."""
    rows = re.findall(r"^\| (.+?) \| .+? \| (.+?) \|$", PAGE.read_text(), re.MULTILINE) if PAGE.exists() else []
    return {name: killer.strip("`") for name, killer in rows if "::" in killer}


def _load_libraries() -> None:
    """All that a test loads is loaded once, for the processes that are forked from this one; then ours is forgotten."""
    import pytest
    from samtranslator import yaml_helper

    yaml_helper.yaml_parse = functools.cache(yaml_helper.yaml_parse)  # no mutant is one of the template
    if pytest.main(["-q", "-p", "no:cacheprovider", str(ROOT / "tests/integration/test_status.py")]):
        raise SystemExit("the tests fail without a mutant")
    for name, module in list(sys.modules.items()):
        file = str(getattr(module, "__file__", None) or "")
        ours = file.startswith(str(ROOT)) and ".venv" not in file
        if name != "__main__" and (ours or name.partition(".")[0] in ("tika", "tests", "local", "ops")):
            del sys.modules[name]


def _pytest(tree: str, tests: list[str], report: Any) -> None:
    """In a process of its own, which has only the libraries yet and nothing of ours: run `tests` of `tree`."""
    os.chdir(tree)
    package = str(Path(tree, "layers", "common"))
    sys.path[:] = [tree, package, *(path for path in sys.path if path != str(ROOT) and Path(path).parent != ROOT)]
    importlib.invalidate_caches()
    os.environ["PYTHONPATH"] = os.pathsep.join((tree, package))
    with open("output.txt", "w") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    found = importlib.util.find_spec("tika")
    if found is None or not str(found.origin).startswith(tree):
        raise RuntimeError(f"tika would be imported from {found}, not from {tree}")

    import pytest

    class Watch:
        failed: str | None = None

        def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
            if report.failed and self.failed is None:
                self.failed = report.nodeid

    watch = Watch()
    code = pytest.main(["-x", "-q", "-p", "no:cacheprovider", "-m", "not system", *tests], plugins=[watch])
    report.send((int(code), watch.failed))


def run(tests: list[str], mutant: Mutant | None = None) -> tuple[str, str]:
    """("killed", test), ("survived", ""), ("timed out", "") or ("broken", why) of `tests` with `mutant`, or without."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        tree = str(Path(folder).resolve())
        for name in NEEDED:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, Path(tree, name))  # with what was compiled, as it keeps the times
            elif source.exists():
                shutil.copy(source, tree)
        if mutant:
            Path(tree, mutant.file).write_text(mutant.of((ROOT / mutant.file).read_text()))
        context = multiprocessing.get_context("fork")
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=_pytest, args=(tree, tests, theirs))
        process.start()
        theirs.close()
        process.join(LIMIT_S)
        if process.is_alive():
            process.kill()
            process.join()
            return "timed out", ""
        code, failed = ours.recv() if ours.poll() else (None, None)
        if code == 1 and failed:
            return "killed", failed
        if code == 0:
            return "survived", ""
        output = Path(tree, "output.txt")
        return "broken", output.read_text()[-2000:] if output.exists() else f"exit code {process.exitcode}"


def try_mutant(mutant: Mutant, before: str | None) -> tuple[str, str]:
    tests = [test for test in mutant.tests if (ROOT / test).exists()]
    if before and (ROOT / before.partition("::")[0]).exists():
        killed = run([before], mutant)
        if killed[0] == "killed":
            return killed
    return run(tests, mutant)


def page(said: dict[str, str]) -> str:
    """`said`: by mutant what killed it, or why nothing can."""
    killed = sum("::" in each for each in said.values())
    lines = [
        "# Mutants",
        "",
        "Each line is a fault put into the code by hand, on purpose, and the test that "
        "notices it. `make mutants` tries",
        "them all again and writes this page; it fails where a fault is noticed by no test and not explained here.",
        "",
        f"{len(said)} mutants: {killed} killed, {len(said) - killed} that change nothing a caller could see.",
        "",
        "| Mutant | What it breaks | Killed by, or why nothing can |",
        "|---|---|---|",
        *(f"| {mutant.name} | {mutant.breaks} | {said[mutant.name]} |" for mutant in MUTANTS),
    ]
    return "\n".join(lines) + "\n"


def main(words: list[str]) -> int:
    """Try the mutants whose names hold one of `words`, or all. The page keeps what it says of those not tried."""
    _load_libraries()
    chosen = [mutant for mutant in MUTANTS if not words or any(word in mutant.name for word in words)]
    chosen.sort(key=lambda mutant: mutant.name in EQUIVALENT)  # they run all their tests, so they go last
    before, results = last_killers(), {}

    def tried(mutant: Mutant) -> None:
        results[mutant.name] = outcome = try_mutant(mutant, before.get(mutant.name))
        print(f"{len(results)}/{len(chosen)} {mutant.name}: {' '.join(outcome)}", flush=True)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(tried, chosen))

    killers = {name: killer for name, (outcome, killer) in results.items() if outcome == "killed"}
    outcome, test = run(sorted(set(killers.values()))) if killers else ("survived", "")
    wrong = [] if outcome == "survived" else [f"without a mutant {outcome}: {test}"]
    for name, (outcome, _) in results.items():
        if outcome == "survived" and name not in EQUIVALENT:
            wrong.append(f"killed by no test: {name}")
        if outcome == "killed" and name in EQUIVALENT:
            wrong.append(f"explained as one that changes nothing, and killed: {name}")
        if outcome == "broken":
            wrong.append(f"could not be tried: {name}")
    print(f"{len(chosen)} mutants tried, {len(killers)} killed", *wrong, sep="\n")
    said = before | {name: "timed out" for name, (outcome, _) in results.items() if outcome == "timed out"}
    said |= killers
    said = {mutant.name: EQUIVALENT.get(mutant.name) or said.get(mutant.name, "nothing") for mutant in MUTANTS}
    PAGE.write_text(page({name: f"`{each}`" if "::" in each else each for name, each in said.items()}))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

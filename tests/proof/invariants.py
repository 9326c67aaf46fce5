"""What must hold, whatever fails and in whatever order: compared are what people were told and what the tables hold.

`check` runs after every step, `check_settled` after the machinery has done its work, and `check_again` after a request
that was answered well: sent again, it gets the same answer and changes nothing.

I8, that the history of a seat is linearizable, is proven on parallel runs elsewhere.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.budget.figures import BUDGET
from tests.proof.world import Item, Told, World, code_in, digest
from tika import keys
from tika.booking import seats
from tika.clock import epoch
from tika.signin.otp import TRIES_PER_CODE
from tika.tables.citizens import Account
from tika.tables.slots import Seat, SessionRow
from tika.tables.statuses import BOOKED, CANCELLED, DELETED, HELD, LAPSED, REMOVED
from tika.texts.messages import ARRIVES_S

SENDS_AT_MOST = 3  # botocore sends a request three times in all
DOSES = (1, 2)


type Invariant = Callable[[World, Look], Iterator[str]]  # yields what is wrong, with nobody's data in it

ALWAYS: list[Invariant] = []
SETTLED: list[Invariant] = []


class Broken(AssertionError):
    """Invariants do not hold; the message names them."""


@dataclass(frozen=True)
class Look:
    """The rows at one moment, sorted by what they are."""

    now: int
    sessions: dict[str, Item]
    seats: dict[tuple[str, str], Item]  # by session id and sort key
    people: dict[str, Item]
    appointments: dict[tuple[str, int], Item]  # by reference id and dose
    codes: list[Item]

    def live(self, seat: Item) -> bool:
        return seat["status"] == BOOKED or (seat["status"] == HELD and seat["hold_until"] > self.now)


def look(world: World) -> Look:
    sessions, found = {}, {}
    for row in world.rows("slots"):
        session_id = row["pk"].removeprefix(SessionRow.key(""))
        if row["kind"] == "SESSION":
            sessions[session_id] = row | {name: json.loads(row[name]) for name in ("slots", "free", "capacity")}
        elif row["kind"] == "SEAT":
            found[session_id, row["sk"]] = row
    citizens = world.rows("citizens")
    return Look(
        epoch(world.clock.now),
        sessions,
        found,
        {row["reference_id"]: row for row in citizens if row["kind"] == "PERSON"},
        {(row["reference_id"], row["dose"]): row for row in citizens if row["kind"] == "APPOINTMENT"},
        [row for row in world.rows("otp") if "code_hash" in row],
    )


def check(world: World) -> None:
    """Every invariant that holds at any moment. Raises Broken, which names all that do not."""
    _run(ALWAYS, world)


def check_settled(world: World) -> None:
    """Let the queue, the stream and the clock go on until every hold has lapsed, sweep once, and check everything."""
    world.on_call = None
    world.drain_queue()
    if holds := [seat["hold_until"] for seat in look(world).seats.values() if seat["status"] == HELD]:
        check(world)
        wait_s = max(0, max(holds) - epoch(world.clock.now)) + seats.CLOCK_SKEW_S + 1
        world.clock.now += timedelta(seconds=wait_s)
        world.sweep()
    world.drain()
    check(world)
    _run(SETTLED, world)


def _run(invariants: list[Invariant], world: World) -> None:
    now = look(world)
    problems = [f"{invariant.__name__}: {problem}" for invariant in invariants for problem in invariant(world, now)]
    if problems:
        raise Broken("; ".join(problems))


def holds_always(invariant: Invariant) -> Invariant:
    ALWAYS.append(invariant)
    return invariant


def holds_when_settled(invariant: Invariant) -> Invariant:
    SETTLED.append(invariant)
    return invariant


# --- seats -----------------------------------------------------------------------------------------------------------


@holds_always
def i1_live_seats_never_exceed_capacity(world: World, now: Look) -> Iterator[str]:
    """Every seat has a number below the slot's places, and a withdrawn session has none that lives."""
    for (session_id, sk), seat in now.seats.items():
        session = now.sessions[session_id]
        dose, slot_no, seat_no = Seat.position(sk)
        places = session["slots"][slot_no][f"dose{dose}"]
        if seat_no >= places:
            yield f"seat {sk} of a slot of {places}"
        if session.get("withdrawn_at") and now.live(seat):
            yield f"seat {sk} lives in a withdrawn session"


@holds_always
def i2_a_booking_told_is_there_until_its_citizen_cancels(world: World, now: Look) -> Iterator[str]:
    for booking in bookings(world):
        for reference_id in sorted(booking.people):
            row = now.appointments.get((reference_id, booking.dose))
            if row is None or (row["appointment_id"], row["status"]) != (booking.appointment_id, BOOKED):
                yield f"the appointment told at {booking.told.at:%H:%M:%S} is {row and row['status']}"
                continue
            if (row["session_id"], row["slot"]) not in booking.places:
                yield f"the appointment is in slot {row['slot']}, which nobody was told"
            seat = now.seats.get((row["session_id"], row["seat"]))
            if seat is None or (seat["appointment_id"], seat["status"]) != (booking.appointment_id, BOOKED):
                yield f"the seat {row['seat']} of a booking is {seat and seat['status']}, for it or somebody else"


@holds_always
def i3_each_seat_has_its_appointment(world: World, now: Look) -> Iterator[str]:
    """Both sides or neither: a live seat has an appointment that says the same, and a standing appointment its seat."""
    for (_, sk), seat in now.seats.items():
        if now.live(seat) and not _owner_left(world, seat):
            row = now.appointments.get((seat["reference_id"], seat["dose"]), {})
            mine = ("appointment_id", "status", "hold_until")
            if [row.get(name) for name in mine] != [seat.get(name) for name in mine] or row.get("seat") != sk:
                yield f"seat {sk} is {seat['status']}, its appointment {row.get('status')} at {row.get('seat')}"
            if seat["reference_id"] not in now.people:
                yield f"seat {sk} is somebody's who is not registered"
    for row in now.appointments.values():
        seat = now.seats.get((row.get("session_id"), row.get("seat")), {})
        if now.live(row) and seat.get("appointment_id") != row["appointment_id"]:
            yield f"an appointment is {row['status']} at {row['seat']}, which is {'another one’s' if seat else 'free'}"


@holds_always
def i3_counts_never_go_back(world: World, now: Look) -> Iterator[str]:
    """Not even where clocks differ."""
    before: dict[str, float] = world.state.memory.setdefault("counted_at", {})
    for session_id, session in now.sessions.items():
        if session["counted_at"] < before.get(session_id, 0):
            yield f"counts are {before[session_id] - session['counted_at']:.3f} s older than those before"
    world.state.memory["counted_at"] = {name: session["counted_at"] for name, session in now.sessions.items()}


@holds_when_settled
def i3_free_and_booked_are_the_capacity(world: World, now: Look) -> Iterator[str]:
    """After every hold has lapsed and one sweep: no seat is held, and what is shown as free is free."""
    for session_id, session in now.sessions.items():
        mine = [(Seat.position(sk), seat["status"]) for (of, sk), seat in now.seats.items() if of == session_id]
        if held := [position for position, status in mine if status == HELD]:
            yield f"still held: {held}"
        for slot_no, slot in enumerate(session["slots"]):
            for dose in DOSES:
                here = Counter(status for position, status in mine if position[:2] == (dose, slot_no))
                places = 0 if session.get("withdrawn_at") else slot[f"dose{dose}"] - here[REMOVED]
                free, capacity = (session[name][slot_no][dose - 1] for name in ("free", "capacity"))
                if (capacity, free + here[BOOKED]) != (places, places):
                    yield f"{free} free and {here[BOOKED]} booked of {places} places, shown as {capacity}"


@holds_when_settled
def i2_what_a_citizen_sees_is_what_is_booked(world: World, now: Look) -> Iterator[str]:
    """Read back through the API: what is listed as booked is what the tables hold."""
    owners = {row["pk"] for row in now.appointments.values()}
    for citizen in world.state.citizens:
        if Account.key(citizen.account) not in owners:
            continue
        told = world.page(citizen)
        shown = {
            (person["beneficiary_reference_id"], each["dose"], each["appointment_id"], each["slot"])
            for person in (told.json or {}).get("beneficiaries", [])
            for each in person["appointments"]
        }
        stored = {
            (row["reference_id"], row["dose"], row["appointment_id"], row["slot"])
            for row in now.appointments.values()
            if row["pk"] == Account.key(citizen.account) and row["status"] == BOOKED
        }
        if told.status not in (200, 400) or shown != stored:
            yield f"{len(shown)} are shown ({told.status}), {len(stored)} booked"


_NEXT = {None: {HELD, BOOKED}, HELD: {BOOKED, CANCELLED, LAPSED}, BOOKED: {CANCELLED}, CANCELLED: set(), LAPSED: set()}


@holds_always
def i4_each_hold_ends_once(world: World, now: Look) -> Iterator[str]:
    """A hold is booked, cancelled or lapses, in time, and never longer than it was told; an end is an end."""
    before: dict[str, Item] = world.state.memory.setdefault("appointments", {})
    seen = {}
    for row in now.appointments.values():
        name = f"{row['appointment_id']} {row['reference_id']} {row['dose']}"
        if row["status"] == DELETED:
            continue
        seen[name] = row
        was = before.get(name)
        status = was and was["status"]
        if row["status"] != status and row["status"] not in _NEXT[status] | (_NEXT[HELD] if was is None else set()):
            yield f"{status} became {row['status']}"
        if was and was["status"] == row["status"] == HELD and was["hold_until"] != row["hold_until"]:
            yield f"a hold until {was['hold_until']} became one until {row['hold_until']}"
        early = was and was["status"] == HELD and row["status"] == LAPSED and was["hold_until"] - now.now
        # Cancelled where the clock is ahead, it counts as lapsed.
        if early and early > 0 and row["appointment_id"] not in _given_up(world):
            yield f"a hold lapsed {early} s early"
        if len(row["lapses"]) != len(set(row["lapses"])):
            yield "a lapse was counted twice"
    for name, was in before.items():
        given_up = was["appointment_id"] in _given_up(world) or _owner_left(world, was)
        if name not in seen and now.live(was) and not given_up:
            yield f"an appointment that was {was['status']} is gone"
    world.state.memory["appointments"] = before | seen

    for told in world.state.ledger:
        if told.ok and told.operation == "confirm_slot":
            until = _hold_until(world, told.sent["appointment_id"])
            tried_in_time = [each for each in _bookers(world, told.sent["appointment_id"]) if epoch(each.at) < until]
            if epoch(told.at) >= until and not tried_in_time:
                yield f"confirmed {epoch(told.at) - until} s after the hold lapsed"


def _given_up(world: World) -> set[str]:
    """The appointments that may have been cancelled, for some of their people at least."""
    cancelled = [told for told in world.state.ledger if told.operation == "cancel_slot" and not told.refused]
    return {told.sent["appointment_id"] for told in cancelled}


def _owner_left(world: World, row: Item) -> bool:
    """Whether who holds this may have been deleted where the clock is ahead: there the hold had lapsed already."""
    return row["status"] == HELD and any(
        told.sent["beneficiary_reference_id"] == row["reference_id"] and epoch(told.at) >= row["hold_until"]
        for told in world.state.ledger
        if told.operation == "delete_beneficiary" and not told.refused
    )


def _hold_until(world: World, appointment_id: str) -> float:
    """As it was told, in epoch seconds; infinity where it was not, or is booked."""
    for told in world.state.ledger:
        if told.ok and told.event == "hold" and told.json["appointment_id"] == appointment_id:
            return epoch(datetime.fromisoformat(told.json["hold_until"]))
    return float("inf")


def _bookers(world: World, appointment_id: str) -> list[Told]:
    """Requests that may have booked a hold: confirmed it, or scheduled what was held."""
    return [
        told
        for told in world.state.ledger
        if not told.refused
        and (
            (told.operation == "confirm_slot" and told.sent["appointment_id"] == appointment_id)
            or (told.event == "schedule" and told.operation == "book_slot")
        )
    ]


@holds_always
def i7_one_live_appointment_per_person_and_dose(world: World, now: Look) -> Iterator[str]:
    """Whatever devices they use: a person lives in one seat for each dose."""
    live = Counter((seat["reference_id"], seat["dose"]) for seat in now.seats.values() if now.live(seat))
    for (_, dose), number in live.items():
        if number > 1:
            yield f"somebody has {number} seats for dose {dose}"


@dataclass
class Booking:
    """What somebody was told to have booked, and where it may be by now."""

    appointment_id: str
    told: Told
    people: set[str]
    dose: int
    places: set[tuple[str, str]] = field(default_factory=set)  # session id and slot


def bookings(world: World) -> list[Booking]:
    """Of all that people were told, what they have a right to find. A cancellation that may have happened gives it up;
    a move that may have happened leaves two places in which it may be."""
    told_of: dict[str, Booking] = {}
    held: dict[str, Told] = {}
    for told in world.state.ledger:
        if told.ok and told.operation == "book_slot":
            name = "appointment_id" if told.event == "hold" else "appointment_confirmation_no"
            appointment_id = told.json[name]
            held.setdefault(appointment_id, told)
            if told.event == "schedule":
                _promise(told_of, appointment_id, told, told)
        elif told.ok and told.operation == "confirm_slot" and told.sent["appointment_id"] in held:
            _promise(told_of, told.sent["appointment_id"], held[told.sent["appointment_id"]], told)
    for booking in told_of.values():
        booking.places = _places(world, booking.appointment_id, booking.places)
        for told in world.state.ledger:
            mine = told.operation == "cancel_slot" and told.sent["appointment_id"] == booking.appointment_id
            if mine and not told.refused:
                booking.people -= set(told.sent.get("beneficiariesToCancel", booking.people))
    return list(told_of.values())


def _promise(told_of: dict[str, Booking], appointment_id: str, order: Told, told: Told) -> None:
    place = (order.sent["session_id"], order.sent["slot"])
    new = Booking(appointment_id, told, set(order.sent["beneficiaries"]), order.sent["dose"], {place})
    told_of.setdefault(appointment_id, new)


def _places(world: World, appointment_id: str, first: set[tuple[str, str]]) -> set[tuple[str, str]]:
    moves = [
        told
        for told in world.state.ledger
        if told.operation == "reschedule_slot" and told.sent["appointment_id"] == appointment_id and not told.refused
    ]
    places = set(first)
    for move in moves:
        place = (move.sent["session_id"], move.sent["slot"])
        others = [each for each in moves if each is not move and (not each.ok or _overlap(each, move))]
        places = {place} if move.ok and not others else places | {place}
    return places


def _overlap(one: Told, other: Told) -> bool:
    return one.began < (other.ended or float("inf")) and other.began < (one.ended or float("inf"))


# --- codes -----------------------------------------------------------------------------------------------------------


@holds_always
def i5_a_code_is_accepted_once_and_tries_are_counted_first(world: World, now: Look) -> Iterator[str]:
    accepted = Counter(told.sent["txnId"] for told in world.state.ledger if told.operation == "verify_otp" and told.ok)
    for number in accepted.values():
        if number > 1:
            yield f"a code was accepted {number} times"
    if world.state.memory.get("compared early"):
        yield "a guess was compared before it was counted"
    for number in world.state.compared.values():
        if number > TRIES_PER_CODE:
            yield f"{number} guesses were compared with one code"


@holds_when_settled
def i5_every_code_promised_was_sent_or_is_a_dead_letter(world: World, now: Look) -> Iterator[str]:
    """Or came so late that it would have expired on its way. And nobody is told twice what was not sent twice."""
    sent = set()
    for mobile, text in world.state.texts:
        if text.startswith("Your OTP"):
            sent.add((keys.keyed_hash("mobile", mobile), code_in(text)))
    for told in world.state.ledger:
        if told.operation == "request_otp" and told.ok:
            txn_id = told.json["txnId"]
            hashes = [row["code_hash"] for row in now.codes if row["pk"].endswith(txn_id)]
            texted = {keys.keyed_hash("otp", txn_id, digest(code)) for _, code in sent}
            dead = [each for each in world.state.dead_letters if txn_id in each.body]
            late = [
                each
                for each in world.state.done
                if txn_id in each.body
                and each.received_at
                and json.loads(each.body)["expires_at"] <= epoch(each.received_at) + ARRIVES_S
            ]
            if not (set(hashes) & texted or dead or late):
                yield f"the code asked for at {told.at:%H:%M:%S} went nowhere"
    doubled = len(world.state.texts) - len(set(world.state.texts))
    if doubled > world.state.faults:
        yield f"{doubled} texts went out twice"


# --- answers ---------------------------------------------------------------------------------------------------------


@holds_always
def i6_the_same_order_has_one_appointment(world: World, now: Look) -> Iterator[str]:
    """Who asks again for the place they hold or have booked is given the very same."""
    first: dict[tuple[str, ...], str] = {}
    given_up = _given_up(world)
    for told in world.state.ledger:
        if told.ok and told.operation == "book_slot":
            order = (*sorted(told.sent["beneficiaries"]), told.sent["session_id"], told.sent["slot"])
            given = told.json.get("appointment_id") or told.json["appointment_confirmation_no"]
            before = first.setdefault(order, given)
            if given != before and epoch(told.at) < _hold_until(world, before) and before not in given_up:
                yield "one order has two appointments"
            first[order] = given


@holds_always
def i6_no_answer_is_a_fault_of_our_own(world: World, now: Look) -> Iterator[str]:
    """Whatever AWS does, people are answered: yes, no, or to come back. Only our own triggers see a function fail."""
    for told in world.state.ledger:
        if told.status == 500:
            yield f"{told.operation} answered 500"
        if told.error and told.operation not in ("release_stale",):
            yield f"{told.operation} raised {told.error}: {told.text}"
        if told.status in (429, 503) and told.retry_after is None:
            yield f"{told.operation} does not say when to come back"


def check_again(world: World, again: Callable[[], Told], first: Told) -> None:
    """I6: a request that was answered well, sent again at once, gets the same answer and changes nothing.

    But a code is sent once in a while and accepted once: these two are refused, and that is their answer for good.
    """
    rows = [row for table in ("citizens", "slots") for row in world.rows(table)]
    told = again()
    after = [row for table in ("citizens", "slots") for row in world.rows(table)]
    if first.operation in ("request_otp", "verify_otp"):
        same = told.status == 400
    else:
        same = (told.status, told.text) == (first.status, first.text)
    if not same:
        raise Broken(f"i6_again: {first.status} {first.text} became {told.status} {told.text}")
    if _steady(rows) != _steady(after):
        raise Broken(f"i6_again: {first.operation} sent again changed the tables")


def _steady(rows: list[Item]) -> list[str]:
    """Rows without what says only when somebody looked: the id of the last change, and how fresh counts are."""
    passing = ("change_id", "counted_at", "lag_s")
    return sorted(json.dumps({k: v for k, v in row.items() if k not in passing}, sort_keys=True) for row in rows)


# --- what it costs ---------------------------------------------------------------------------------------------------


# The budget of each operation, as tests/budget measures it.
BUDGETS = {
    "book_slot hold": "hold, one person",
    "book_slot schedule": "schedule, one person",
    "cancel_slot": "cancel, one person",
    "confirm_slot": "confirm, one person",
    "list_beneficiaries": "list_beneficiaries",
    "register": "register",
    "request_otp": "request_otp",
    "reschedule_slot": "reschedule, one person",
    "verify_otp": "verify_otp, right first time",
}
OF_A_CONTAINER = {"GetParameter", "GetQueueAttributes", "GetSecretValue"}  # not of a request
INDEX_MOVES = 2  # units more where what is moved or overwritten is a hold: it leaves the index, and enters it anew


@holds_always
def i9_requests_stay_within_budget_also_under_retries(world: World, now: Look) -> Iterator[str]:
    """A request is sent three times at most. Where nothing goes wrong a function makes those of its budget, and each
    thing that does go wrong may cost as many again, or the two it takes to look what is there."""
    for told in world.state.ledger:
        if len(told.calls) > SENDS_AT_MOST * told.requests.total():
            yield f"{told.operation} sent {told.requests} requests {len(told.calls)} times"
        name = BUDGETS.get(f"{told.operation} {told.event}") or BUDGETS.get(told.operation)
        if not name:
            continue
        dynamodb, others, writes, index_writes, _ = BUDGET[name]
        setbacks = sum(bool(call.answered) for call in told.calls)
        budget, people = sum(dynamodb.values()) + sum(others.values()), _people(told, now)
        made = sum(
            n for of, n in told.requests.items() if of not in OF_A_CONTAINER and (of != "GetItem" or of in dynamodb)
        )
        most = budget + setbacks * max(2, budget)
        if told.operation == "cancel_slot":
            most += people  # each lapsed hold is ended by itself
        if made > most:
            yield f"{told.operation} made {made} requests, where {most} do"
        units = people * (writes + index_writes + (INDEX_MOVES if writes else 0)) * (1 + setbacks)
        if told.write_units > units:
            yield f"{told.operation} took {told.write_units} write units, where {units} do"


def _people(told: Told, now: Look) -> int:
    """Whom a request is for."""
    if "beneficiaries" in told.sent:
        return len(told.sent["beneficiaries"])
    appointment_id = told.sent.get("appointment_id")
    return max(1, sum(row["appointment_id"] == appointment_id for row in now.appointments.values()))


# --- what nobody may read --------------------------------------------------------------------------------------------


@holds_always
def i10_no_person_where_others_read(world: World, now: Look) -> Iterator[str]:
    """No mobile, name, photo id, code, token or secret code in a log line, metric, error, message or dead letter.

    Everything since the last look. Reference ids stay out of logs and metrics too; a refusal may name the caller's own.
    """
    state = world.state
    secret = dict(state.secrets)
    secret |= {row["secret_code"]: "secret code" for row in now.appointments.values() if row.get("secret_code")}
    said, answers, queued = (state.memory.get(f"read {what}", 0) for what in ("said", "answers", "queued"))
    messages = [each.body for each in (*state.queue, *state.done, *state.dead_letters)]
    refusals = [told for told in state.ledger[answers:] if not told.ok and told.ended]
    sources = {
        "a log line": [_readable(line) for line in state.said[said:]],
        "an error": [told.text for told in refusals],
        "a message": messages if len(messages) != queued else [],
    }
    state.memory["read said"] = len(state.said)
    state.memory["read queued"] = len(messages)
    if not any(told.ended is None and not told.died for told in state.ledger[answers:]):  # others are yet to answer
        state.memory["read answers"] = len(state.ledger)
    for source, texts in sources.items():
        words = set().union(*(_words(text) for text in texts)) if texts else set()
        named = {**secret, **(dict.fromkeys(now.people, "reference id") if source == "a log line" else {})}
        for value, what in named.items():
            if value in words or (" " in value and any(value in text for text in texts)):
                yield f"{source} holds a {what}"


# Ids of appointments and sessions, and keys of seats: four digits of them may be somebody's code by chance.
_BY_CHANCE = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\bSEAT#\d#\d\d#\d{4}\b")


def _words(text: str) -> set[str]:
    text = _BY_CHANCE.sub(" ", text)
    return set(re.findall(r"[\w.-]+", text)) | set(re.findall(r"\w+", text))


def _readable(line: str) -> str:
    """A log line or metric without times, line numbers and addresses, which are numbers as well."""
    try:
        value = json.loads(line)
    except ValueError:
        return line
    kept = {k: v for k, v in value.items() if k not in ("timestamp", "location", "_aws", "trace")}
    trace = [re.sub(r":[0-9]+ ", " ", frame) for frame in value.get("trace", [])]
    return json.dumps([kept, trace], ensure_ascii=False)

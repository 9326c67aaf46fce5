"""Every way to say no: one class each, with its HTTP status, code and sentence. `api` turns them into answers.

A sentence is written once, in English, with {names} for what differs from one request to the next: `sentences` knows it
in other languages by these very words. It never repeats what the caller sent beyond the name of a field or a reference
id of their own.
Codes that begin with TIKA are ours; the others belong to the public protocol.
"""

from http import HTTPStatus


class Refusal(Exception):
    """A request that is answered with no.

    `values` are what stands for the names in `sentence`, `field` the path of what is at fault in the request, such as
    "slots.0.slot", or None where it is no field.
    `retry_after`: whole seconds after which asking again makes sense, or None where it does not.
    """

    status: int = HTTPStatus.BAD_REQUEST
    code: str
    sentence: str
    field: str | None = None

    def __init__(
        self,
        sentence: str | None = None,
        *,
        field: str | None = None,
        retry_after: int | None = None,
        **values: object,
    ):
        self.sentence = sentence or self.sentence
        self.field = field or self.field
        self.values = values
        self.retry_after = None if retry_after is None else max(1, retry_after)
        super().__init__(self.error)

    @property
    def error(self) -> str:
        """The sentence as it is told, in English."""
        said = self.sentence.format(**self.values)
        return f"{self.field}: {said}" if self.field else said


class PlainRefusal(Refusal):
    """A refusal whose body is the bare sentence, as the public protocol has it in two places."""

    code = ""


# The request itself


class Invalid(Refusal):
    """A field is missing, of the wrong type or out of range; the sentence names it."""

    code = "USRRES0001"
    sentence = "The request is not valid."


class Unauthenticated(PlainRefusal):
    status = HTTPStatus.UNAUTHORIZED
    sentence = "Unauthenticated access!"


class NoSuchRoute(Refusal):
    status = HTTPStatus.NOT_FOUND
    code = "TIKA0017"
    sentence = "There is nothing at this address."


# Signing in


class MobileInvalid(Refusal):
    code = "USRAUT0010"
    field = "mobile"
    sentence = "an Indian mobile number of ten digits is needed."


class OtpAlreadySent(PlainRefusal):
    sentence = "OTP Already Sent"


class OtpRejected(Refusal):
    """One answer for wrong, used, expired, unknown and locked: the difference would help only an attacker."""

    code = "USRAUT0014"
    sentence = "Invalid OTP"


class OtpUnavailable(Refusal):
    code = "USRAUT0018"
    sentence = "No further OTP can be sent to this number now. Please try again later."


# Registering


class NobodyRegistered(Refusal):
    code = "APPOIN0001"
    sentence = "No beneficiary is registered under this mobile number."


class RegistrationNotOpen(Refusal):
    code = "TIKA0002"
    sentence = "Registration is not open yet."


class TooManyPeople(Refusal):
    code = "TIKA0003"
    sentence = "Four people are already registered under this mobile number, the most that one number may register."


class PhotoIdInUse(Refusal):
    code = "TIKA0004"
    field = "photo_id_number"
    sentence = "somebody is already registered with this photo id."


class TooYoungForPhase(Refusal):
    code = "TIKA0005"
    field = "birth_year"
    sentence = "too young for the present phase."


class NoSuchBeneficiary(Refusal):
    code = "TIKA0009"
    sentence = "No such beneficiary is registered under this mobile number."


class StillNeeded(Refusal):
    """A beneficiary with a standing appointment or a recorded dose cannot be deleted."""

    code = "TIKA0012"
    sentence = "This beneficiary cannot be deleted."


class NotCorrectable(Refusal):
    """Where a dose is recorded, the centre corrects; where an appointment stands, it must stay allowed."""

    code = "TIKA0020"
    sentence = "A dose is recorded for this beneficiary: what is written of them is corrected by the centre."


# Booking


class NoSuchSlot(Refusal):
    code = "APPOIN0015"
    sentence = "There is no such slot in that session, or no such session."


class BadPin(Refusal):
    code = "APPOIN0018"
    field = "pincode"
    sentence = "a PIN code of six digits is needed."


class AlreadyBooked(Refusal):
    code = "APPOIN0022"
    sentence = "This beneficiary already has an appointment for this dose."


class DoseNotDue(Refusal):
    code = "APPOIN0025"
    sentence = "The second dose is not due."


class FullyBooked(Refusal):
    status = HTTPStatus.CONFLICT
    code = "APPOIN0040"
    sentence = (
        "This vaccination center is completely booked for the selected date. "
        "Please try another date or vaccination center."
    )


class HoldLapsed(Refusal):
    status = HTTPStatus.CONFLICT
    code = "TIKA0001"
    sentence = "The hold has lapsed and the place is free for others. Please choose a slot again."


class LapseCooldown(Refusal):
    """Somebody whose holds lapse again and again waits, or places could be parked for ever."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    code = "TIKA0006"
    sentence = "Too many holds of this beneficiary were left to lapse. Please wait before holding a place again."


class NoSuchAppointment(Refusal):
    code = "TIKA0008"
    field = "appointment_id"
    sentence = "there is no such appointment under this mobile number."


class OutsideAges(Refusal):
    code = "TIKA0010"
    sentence = "This session is for other ages."


class SlotBegun(Refusal):
    code = "TIKA0011"
    field = "slot"
    sentence = "this slot has already begun."


class NotBooked(Refusal):
    """A slip is only for a booked appointment, and a reschedule only for one that stands."""

    code = "TIKA0016"
    field = "appointment_id"
    sentence = "this appointment is not booked."


# Publishing


class SessionDiffers(Refusal):
    """A session's centre, date, vaccine, fee, ages and slots do not change once published."""

    status = HTTPStatus.CONFLICT
    code = "TIKA0013"
    field = "session_id"
    sentence = "this session is already published with other values."


class CapacityDiffers(Refusal):
    """Only the numbers of places are others: those may change, through PATCH."""

    status = HTTPStatus.CONFLICT
    code = "TIKA0019"
    field = "slots"
    sentence = "this session is already published with other numbers of places, which PATCH changes."


class SeatsInUse(Refusal):
    status = HTTPStatus.CONFLICT
    code = "TIKA0014"
    sentence = "Places of this session are held or booked."


class NoSuchSession(Refusal):
    status = HTTPStatus.NOT_FOUND
    code = "TIKA0015"
    field = "session_id"
    sentence = "there is no such session."


# Overload


class Overload(Refusal):
    """`retry_after` is the least wait: `api` adds up to `spread_s` seconds at random, or all come back at once."""

    code = "TIKA0007"
    spread_s = 6

    def __init__(self, sentence: str | None = None, *, retry_after: int = 1, **values: object):
        super().__init__(sentence, retry_after=retry_after, **values)


class Crowded(Overload):
    """Too many people at the same seats at this instant; nothing was written."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    sentence = "Too many people are booking here at this moment. Please try again in a few seconds."


class TextsBehind(Overload):
    """More codes are asked for than can be sent: one asked for now would come too late. Nothing was done."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    sentence = "More codes are asked for than can be sent at this moment. Please try again later."
    spread_s = 60  # about as long as a citizen without a code would wait before asking again


class Busy(Overload):
    """A service below us throttles, fails or does not answer. Whether the request took effect shows on repeating it."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    sentence = "The service is very busy. Please try again in a few seconds."


class Fault(Refusal):
    """Our own defect: the caller learns nothing of it, the `Fault` metric tells us."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR
    code = "TIKA0099"
    sentence = "Something went wrong on our side. Please try again later."

"""The forms of photo ids that citizens register with."""

import re
from collections.abc import Callable

from stdnum.exceptions import ValidationError
from stdnum.in_ import aadhaar, pan

from tika.fields import Unfit

# By id type as in choices.PHOTO_ID_TYPES. Spaces and hyphens are taken out before, letters made capitals.
_FORMS: dict[int, re.Pattern[str]] = {
    1: re.compile(r"[2-9][0-9]{11}"),
    2: re.compile(r"[A-Z]{2}[0-9]{2}[0-9A-Z]{5,14}"),  # state, office, year and number; the older ones differ by state
    6: re.compile(r"[A-Z]{5}[0-9]{4}[A-Z]"),
    8: re.compile(r"[A-Z][0-9]{7}"),
    9: re.compile(r"[0-9A-Z/]{5,20}"),  # each pension office has its own form
    11: re.compile(r"[0-9A-Z]{8,20}"),
    12: re.compile(r"[A-Z]{3}[0-9]{7}|[A-Z]{2}/[0-9]{2,3}/[0-9]{3}/[0-9]{6,7}"),  # the second is the form before 2000
}
_CHECKS: dict[int, Callable[[str], str]] = {1: aadhaar.validate, 6: pan.validate}  # check digit, holder type


def normal(photo_id_type: int, number: str) -> str:
    """The one way of writing a number, so that one person cannot register twice by a hyphen. Raises Unfit."""
    written = re.sub(r"[ -]", "", number).upper()
    try:
        if not _FORMS[photo_id_type].fullmatch(written):
            raise ValueError
        if photo_id_type in _CHECKS:
            _CHECKS[photo_id_type](written)
    except (ValueError, ValidationError):
        raise Unfit("this is not a number of that photo id.") from None
    return written

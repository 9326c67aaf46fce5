"""Mobile numbers as people write them. Apart, as the tables of the world's numbers take 45 ms to import."""

import re
import unicodedata
from typing import Any

from phonenumbers import NumberParseException, PhoneNumberType, is_valid_number_for_region, number_type, parse

from tika.refusals import MobileInvalid

LONGEST_WRITTEN = 40  # +91, a trunk 0, ten digits, and whatever people and phone books put between them


def normal(written: Any) -> str:
    """The ten digits of an Indian mobile number: +91, 0, spaces and dashes make no difference. Raises MobileInvalid.

    Digits of other scripts are refused: a number that looks like another to whoever reads it must not be guessed at.
    """
    if not isinstance(written, str) or len(written) > LONGEST_WRITTEN:
        raise MobileInvalid
    digits = "".join(char for char in written if not _separates(char))
    if not re.fullmatch(r"\+?[0-9]{10,15}", digits):
        raise MobileInvalid  # letters and extensions too, which the library would read as digits
    try:
        number = parse(digits, "IN")
    except NumberParseException:
        raise MobileInvalid from None
    if not is_valid_number_for_region(number, "IN") or number_type(number) not in _MOBILE:
        raise MobileInvalid
    return str(number.national_number)


_MOBILE = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)


def _separates(char: str) -> bool:
    """Spaces, dashes, brackets and dots of any kind, and the invisible marks that copying from a phone book brings."""
    return char.isspace() or char in "()." or unicodedata.category(char) in ("Pd", "Cf")

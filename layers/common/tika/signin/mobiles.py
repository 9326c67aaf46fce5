"""Mobile numbers as people write them."""

import re
import unicodedata
from typing import Any

from tika.refusals import MobileInvalid

LONGEST_WRITTEN = 40  # +91, a trunk 0, ten digits, and whatever people and phone books put between them

# Ten digits, of which the first is 6 to 9: the numbering plan gives these to mobile numbers, and new series of them are
# opened faster than any table of known ones follows. Before it the country's code (91, +91, 0091), a trunk 0, or both.
# No two of these have one length and one beginning, so ten digits that begin with 91 are a number of their own.
_WRITTEN = re.compile(r"(?:\+?(?:00)?910{0,2}|0)?([6-9][0-9]{9})")


def normal(written: Any) -> str:
    """The ten digits of an Indian mobile number: +91, 0, spaces and dashes make no difference, nor does a JSON number.

    Raises MobileInvalid, also for digits of other scripts: a number that looks like another to whoever reads it must
    not be guessed at.
    """
    if type(written) is int:  # a bool is no number here
        written = str(written) if 0 < written < 10**LONGEST_WRITTEN else ""
    if not isinstance(written, str) or len(written) > LONGEST_WRITTEN:
        raise MobileInvalid
    found = _WRITTEN.fullmatch("".join(char for char in written if not _separates(char)))
    if not found:
        raise MobileInvalid
    return found[1]


def _separates(char: str) -> bool:
    """Spaces, dashes, brackets and dots of any kind, and the invisible marks that copying from a phone book brings."""
    return char.isspace() or char in "()." or unicodedata.category(char) in ("Pd", "Cf")

"""The fields of a person as clients write them, when they register somebody and when they correct them."""

import re
import unicodedata
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, StringConstraints

from tika.api import as_text, number_of, text_like
from tika.fields import Unfit
from tika.people import choices, photo_ids
from tika.refusals import Invalid

# Letters and marks of any script, and what stands between the parts of a name. The joiners shape some Indian letters.
BETWEEN = " .'’-\u200c\u200d"
OLDEST = 1900


def _name(text: str) -> str:
    """In one normal form (NFC), without needless spaces. Raises Unfit for what is not a name."""
    text = re.sub(r" +", " ", unicodedata.normalize("NFC", text)).strip()
    if not 1 <= len(text) <= 100:
        raise Unfit("a name has 1 to 100 characters.")
    if not text[0].isalpha() or not all(unicodedata.category(c)[0] in "LM" or c in BETWEEN for c in text):
        raise Unfit("a name has letters of any script, spaces, full stops, apostrophes and hyphens only.")
    return text


Name = Annotated[str, StringConstraints(max_length=400), AfterValidator(_name)]
BirthYear = text_like("[0-9]{4}", "a year of four digits is needed.")
GenderId = number_of(choices.GENDERS)
PhotoIdType = number_of(choices.PHOTO_ID_TYPES)
PhotoIdNumber = Annotated[str, StringConstraints(min_length=1, max_length=40), BeforeValidator(as_text)]
YesOrNo = Literal["Y", "N"]


def birth_year(written: str, *, now: datetime) -> int:
    """Raises Invalid for a year in which nobody who lives was born."""
    if not OLDEST <= int(written) <= now.year:
        raise Invalid("a year from {first} to {last} is needed.", field="birth_year", first=OLDEST, last=now.year)
    return int(written)


def photo_id_number(photo_id_type: int, written: str) -> str:
    """The one way of writing it. Raises Invalid."""
    try:
        return photo_ids.normal(photo_id_type, written)
    except Unfit as unfit:
        raise unfit.at("photo_id_number") from None

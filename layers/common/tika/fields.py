"""What is wrong with a field of a request, in our own words: no sentence of a library reaches anybody."""

import re
from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from tika.refusals import Invalid

EMPTY = "this must not be empty."
ONE_OF = "one of {allowed} is needed."
UNKNOWN = "this value is not valid."

# By the names that pydantic has for what is wrong, as are the names in the sentences.
SENTENCES = {
    "missing": "this is missing.",
    "string_type": "a text is needed.",
    "string_unicode": "this text has characters that cannot be read.",
    "string_too_short": EMPTY,  # no model asks for more than one
    "string_too_long": "at most {max_length} characters are allowed.",
    "literal_error": ONE_OF,
    "int_type": "a whole number is needed.",
    "float_type": "a number is needed.",
    "finite_number": "a number is needed.",
    "greater_than_equal": "{ge} or more is needed.",
    "less_than_equal": "{le} or less is needed.",
    "list_type": "a list is needed.",
    "too_short": EMPTY,
    "too_long": "at most {max_length} entries are allowed.",
    "dict_type": "an object is needed.",
    "model_type": "an object is needed.",
}


class Unfit(ValueError):
    """A value that its field does not take: `sentence` and `values` are those of the refusal that this becomes."""

    def __init__(self, sentence: str, **values: object):
        self.sentence, self.values = sentence, values
        super().__init__(sentence.format(**values))

    def at(self, field: str) -> Invalid:
        return Invalid(self.sentence, field=field, **self.values)


def explained(error: ValidationError) -> Iterator[Invalid]:
    """All that pydantic found wrong, in its order."""
    for each in error.errors(include_url=False, include_input=False):
        yield _unfit(each).at(_field(each["loc"]))


def _unfit(error: ErrorDetails) -> Unfit:
    kind, known = error["type"], error.get("ctx", {})
    if kind == "value_error" and isinstance(known["error"], Unfit):
        return known["error"]
    if kind == "literal_error":  # its values are only told in a sentence
        return Unfit(ONE_OF, allowed=", ".join(re.findall("'([^']*)'", known["expected"])))
    sentence = SENTENCES.get(kind, UNKNOWN)
    return Unfit(sentence, **{name: value for name, value in known.items() if f"{{{name}}}" in sentence})


def _field(place: tuple[Any, ...]) -> str:
    """The path of a field. Of a key that is wrong only where it stands: it is what the caller sent."""
    if place[-1:] == ("[key]",):
        place = place[:-2]
    return ".".join(map(str, place)) or "body"

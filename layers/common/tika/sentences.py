"""What refusals say in the languages of the citizens.

`data/sentences` has a file for each language: {"fields": what people call a field, by its name, "sentences": each
sentence of ours, by its English}. The tests walk the code for the sentences, and hold the files against them.
"""

import json
from functools import cache

from tika.languages import DATA, LANGUAGES
from tika.refusals import Refusal

type Catalogue = dict[str, dict[str, str]]


def told(refusal: Refusal, language: str) -> str:
    """What `refusal` says, in `language`; "" where that is English or not one of LANGUAGES."""
    if language not in LANGUAGES:
        return ""
    catalogue = _catalogue(language)
    said = catalogue["sentences"].get(refusal.sentence, "").format(**refusal.values)
    return f"{_label(refusal.field, catalogue['fields'])}: {said}" if refusal.field and said else said


def _label(field: str, labels: dict[str, str]) -> str:
    """The parts of a path as people call them, of a list's entries their number: the first is 1."""
    words = []
    for part in field.split("."):
        if part.isdecimal():
            words[-1] += f" {int(part) + 1}"
        else:
            words.append(labels.get(part, part))
    return ", ".join(words)


@cache
def _catalogue(language: str) -> Catalogue:
    """Read only where somebody is refused in that language."""
    return json.loads((DATA / "sentences" / f"{language}.json").read_text(encoding="utf-8"))

"""What the registration form offers: kinds of photo id, and genders."""

from typing import Any

from tika import languages
from tika.languages import LANGUAGES

_PHOTO_ID_TYPES, _GENDERS = languages.words("photo_ids.csv"), languages.words("genders.csv")

# English names by id, as the public protocol has them.
PHOTO_ID_TYPES = {number: words["en"] for number, words in _PHOTO_ID_TYPES.items()}
GENDERS = {number: words["en"] for number, words in _GENDERS.items()}


def photo_id_types(language: str) -> list[dict[str, Any]]:
    """[{"type", "type_l", "id"}]: the kinds of photo id that citizens may register with."""
    return [
        {"type": words["en"], "type_l": languages.said(words, language), "id": number}
        for number, words in _PHOTO_ID_TYPES.items()
    ]


def genders(language: str) -> list[dict[str, Any]]:
    """[{"gender", "gender_l", "id"}], without gender_l where `language` is not one of LANGUAGES."""
    return [
        {"gender": words["en"], **({"gender_l": words[language]} if language in LANGUAGES else {}), "id": number}
        for number, words in _GENDERS.items()
    ]

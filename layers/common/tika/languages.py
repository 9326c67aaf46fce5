"""The languages of the citizens, and what things are called in them."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

DATA = Path(__file__).parent / "data"

# Besides English: the languages in which names can be given.
LANGUAGES = ("hi", "bn", "ta", "te", "mr", "gu", "kn", "ml", "or", "pa", "as")

type Words = dict[str, str]  # by language, English as "en"


def rows(name: str) -> Iterator[dict[str, str]]:
    """The rows of a file of the package's data, by the names in its first line."""
    import csv  # here, as most functions read no such file

    with (DATA / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


@cache
def words(name: str) -> dict[int, Words]:
    """The words that a file of the package's data has for the ids of a list."""
    return {int(row.pop("id")): row for row in rows(name)}


def said(words: Words, language: str) -> str:
    """The word in `language`, "" where that is English or not one of LANGUAGES."""
    return words[language] if language in LANGUAGES else ""

"""Every sentence that a refusal may say, and every field that it may be about, found in the code itself."""

import ast
import json
import string
import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from ops import openapi
from tika import fields, refusals
from tika.languages import LANGUAGES

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "layers/common/tika"
THE_WAY_OF_A_SENTENCE = {PACKAGE / "refusals.py", PACKAGE / "fields.py"}  # what these hand on was written elsewhere
FILES = sorted({*PACKAGE.rglob("*.py"), *(ROOT / "functions").rglob("*.py")} - THE_WAY_OF_A_SENTENCE)

# What is told as it is, in one language, as the public protocol has it.
PLAIN = {each.sentence for each in openapi.all_refusals() if issubclass(each, refusals.PlainRefusal)}


# The script of each language, as Unicode calls it, and what a sentence in it ends with.
SCRIPTS = {
    "hi": ("DEVANAGARI", "।"),
    "bn": ("BENGALI", "।"),
    "ta": ("TAMIL", "."),
    "te": ("TELUGU", "."),
    "mr": ("DEVANAGARI", "."),
    "gu": ("GUJARATI", "."),
    "kn": ("KANNADA", "."),
    "ml": ("MALAYALAM", "."),
    "or": ("ORIYA", "।"),
    "pa": ("GURMUKHI", "।"),
    "as": ("BENGALI", "।"),
}
# What is written so in every language.
LATIN = ("JSON", "UUID", "PATCH", "DD-MM-YYYY", "HH:MM:SS", "09:00AM-11:00AM")


def catalogue_file(language: str) -> Path:
    return PACKAGE / f"data/sentences/{language}.json"


@cache
def catalogues() -> dict[str, dict[str, dict[str, str]]]:
    """By language: {"fields": {name: words}, "sentences": {English: words}}."""
    return {each: json.loads(catalogue_file(each).read_text(encoding="utf-8")) for each in LANGUAGES}


def letters(text: str) -> str:
    """Letters and their signs: no digits and marks between words."""
    return "".join(char for char in text if unicodedata.category(char)[0] in "LM")


def foreign(text: str, language: str) -> str:
    """The letters of `text` that `language` is not written with, names in braces and LATIN aside."""
    plain = "".join(before for before, *_ in string.Formatter().parse(text))
    for word in LATIN:
        plain = plain.replace(word, "")
    return "".join(char for char in letters(plain) if not unicodedata.name(char).startswith(SCRIPTS[language][0]))


def holes(sentence: str) -> set[str]:
    """The names in a sentence."""
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


@cache
def sentences() -> dict[str, set[str]]:
    """Where each sentence is written: the classes of refusals, what is said of fields, and the code that says more."""
    found: dict[str, set[str]] = {}
    for each in openapi.all_refusals():
        found.setdefault(each.sentence, set()).add(each.__name__)
    for kind, sentence in {**fields.SENTENCES, "anything else": fields.UNKNOWN}.items():
        found.setdefault(sentence, set()).add(kind)
    for call in calls():
        if call.sentence is not None:
            found.setdefault(call.sentence, set()).add(call.where)
    return {sentence: where for sentence, where in found.items() if sentence not in PLAIN}


class Call:
    """A call that says something: `sentence` None where its class says it; `unknown`: nobody can tell what it says."""

    def __init__(self, where: str, node: ast.Call, sentence: str | None, unknown: bool = False):
        self.where, self.sentence, self.unknown = where, sentence, unknown
        self.values = {each.arg for each in node.keywords} - {"field", "retry_after"}
        self.fields = {
            each.value.value
            for each in node.keywords
            if each.arg == "field" and isinstance(each.value, ast.Constant) and isinstance(each.value.value, str)
        }


@cache
def calls() -> list[Call]:
    """Those of the package and the functions."""
    return calls_in({str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in FILES})


def calls_in(sources: dict[str, str]) -> list[Call]:
    """Every call of a refusal, of Unfit, or of what hands its own argument on to one of them as the sentence."""
    trees = {name: ast.parse(source) for name, source in sources.items()}
    names = {name for path in THE_WAY_OF_A_SENTENCE for name in _classes(ast.parse(path.read_text(encoding="utf-8")))}
    names |= {name for tree in trees.values() for name in _classes(tree) if names & _bases(tree, name)}
    makers = dict.fromkeys(names, 0)
    while True:
        found, more = [], {}
        for name, tree in trees.items():
            for call, within in _calls(tree):
                if _name(call.func) in makers:
                    told, handed_on = _told(call, makers[_name(call.func)], within)
                    more |= handed_on
                    where = f"{name}:{call.lineno}"
                    if not handed_on:
                        found.append(Call(where, call, told, unknown=told is None and bool(call.args)))
        if more.keys() <= makers.keys():
            return found
        makers |= more


def _classes(tree: ast.AST) -> list[str]:
    return [node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]


def _bases(tree: ast.AST, name: str) -> set[str]:
    found = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.name == name]
    return {_name(base) for node in found for base in node.bases}


def _calls(node: ast.AST, within: tuple[ast.FunctionDef, ...] = ()) -> Iterator[tuple[ast.Call, Any]]:
    """Each call, with the functions that it stands in."""
    if isinstance(node, ast.FunctionDef):
        within = (*within, node)
    if isinstance(node, ast.Call):
        yield node, within
    for child in ast.iter_child_nodes(node):
        yield from _calls(child, within)


def _name(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _told(call: ast.Call, place: int, within: tuple[ast.FunctionDef, ...]) -> tuple[str | None, dict[str, int]]:
    """The sentence of a call, or the function whose argument it hands on, with the place of that argument."""
    if len(call.args) <= place:
        return None, {}
    given = call.args[place]
    if isinstance(given, ast.Constant) and isinstance(given.value, str):
        return given.value, {}
    if isinstance(given, ast.Name):
        for function in within:
            parameters = [each.arg for each in function.args.args]
            if given.id in parameters:
                return None, {function.name: parameters.index(given.id)}
        if isinstance(written := getattr(fields, given.id, None), str):
            return written, {}
    return None, {}


@cache
def named() -> set[str]:
    """Every field that a refusal may be about: those of the requests, and what else is named."""
    found = {each.field for each in openapi.all_refusals() if each.field}
    found |= {field for call in calls() for field in call.fields}
    for route in openapi.routes():
        for model in openapi.models(route):
            found |= set(_names(model))
    return found


def _names(model: type[BaseModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield field.alias or name
        for part in _models(field.annotation):
            yield from _names(part)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in getattr(annotation, "__args__", ()):
        yield from _models(part)


def nodes(schema: Any) -> Iterator[dict[str, Any]]:
    """The nodes of the core schema of a model: each stands for one check of pydantic."""
    if isinstance(schema, dict):
        if isinstance(schema.get("type"), str):
            yield schema
        for name, part in schema.items():
            if name not in ("metadata", "serialization", "ref"):
                yield from nodes(part)
    elif isinstance(schema, list | tuple):
        for part in schema:
            yield from nodes(part)

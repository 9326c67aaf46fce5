"""Every fault of one value that somebody could make in template.yaml, made one after the other."""

import copy
from collections.abc import Iterator
from typing import Any

from tests.template.rules import Template

SECTIONS = ("Globals", "Parameters", "Rules", "Conditions", "Mappings", "Resources", "Outputs")

type Path = tuple[str | int, ...]


def faults(template: Template) -> Iterator[tuple[Path, Any]]:
    """(path, what stands there instead), GONE for what is left out."""
    for section in SECTIONS:
        yield from _faults(template, (section,), template[section])


class Gone:
    def __repr__(self) -> str:
        return "left out"


GONE = Gone()


def _faults(template: Template, path: Path, value: Any) -> Iterator[tuple[Path, Any]]:
    if len(path) > 1:
        yield path, GONE
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _faults(template, (*path, name), part)
    elif isinstance(value, list):
        for number, part in enumerate(value):
            yield from _faults(template, (*path, number), part)
    elif isinstance(value, bool):
        yield path, not value
    elif isinstance(value, int | float):
        yield path, value + 1
        yield path, value * 10 + 1
        yield path, 0 if value else 2
    else:
        yield path, _another(template, str(value), path)


def _another(template: Template, text: str, path: Path) -> str:
    """Another text of the same kind: of a reference, another that exists, and is of the same kind if there is one."""
    if path[-1] == "Ref" or path[-2:-1] == ("Fn::GetAtt",):
        for section in ("Parameters", "Resources"):
            there = template[section]
            if text in there:
                kind = there[text]["Type"]
                return next((name for name in there if name != text and there[name]["Type"] == kind), f"{text}x")
    return {"true": "false", "false": "true"}.get(text, f"{text}x")


def damaged(template: Template, path: Path, instead: Any) -> Template:
    """A copy of the template with that fault; the rest of it is shared and must not be changed."""
    copied = copy.copy(template)
    inside: Any = copied
    for part in path[:-1]:
        inside[part] = copy.copy(inside[part])
        inside = inside[part]
    if instead is GONE:
        del inside[path[-1]]
    else:
        inside[path[-1]] = instead
    return copied

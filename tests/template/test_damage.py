"""Every fault of one value that template.yaml may have is noticed by a rule, or explained."""

from collections.abc import Callable
from fnmatch import fnmatchcase

import pytest

from tests.template import access, alarms, edge, functions, rules, settings, storage
from tests.template.damage import SECTIONS, Path, damaged, faults
from tests.template.rules import Broken, Template
from tests.template.test_template import RULES as GENERAL

type Rule = Callable[[Template], Broken]

OWN: list[Rule] = [rule for module in (functions, storage, access, alarms, settings, edge) for rule in module.RULES]
RULES = [*OWN, *GENERAL]  # the general ones are tried in test_template

# What no rule notices: by the path of the value, what notices it or why it matters to nobody.
EXPLAINED = {
    "*/Description": "for people to read",
    "*/description": "for people to read",
    "*/FunctionConfig/Comment": "for people to read",
    "*/DistributionConfig/Comment*": "for people to read",
    "*/DefinitionBody/info*": "for people to read",
    "Resources/*/Type": "cfn-lint knows the types of AWS, and of a type that exists the rules know the properties",
    "Resources/*/Metadata*": "tells cfn-lint what it need not say",
    "*/Priority": "only the order matters, which is held",
    "Resources/*/FunctionCode": "runs in Node in tests/unit/test_edge.py",
}


@pytest.fixture(scope="module")
def template() -> Template:
    return rules.read()


@pytest.mark.parametrize("rule", OWN, ids=lambda rule: rule.__name__)
def test_the_template_keeps_the_rule(rule: Rule, template: Template) -> None:
    assert rule(template) == []


@pytest.fixture(scope="module")
def unnoticed(template: Template) -> dict[str, list[tuple[str, str]]]:
    """(path, what stands there instead) by section, of each fault that no rule noticed."""
    found: dict[str, list[tuple[str, str]]] = {section: [] for section in SECTIONS}
    first = list(RULES)
    for path, instead in faults(template):
        fault = damaged(template, path, instead)
        noticing = next((rule for rule in first if notices(rule, fault)), None)
        if noticing:  # its neighbours will break the same rule
            first.remove(noticing)
            first.insert(0, noticing)
        else:
            found[str(path[0])].append((_spelled(path), repr(instead)))
    return found


def notices(rule: Rule, template: Template) -> bool:
    """A template that a rule cannot read is broken as well: deploying it would fail."""
    try:
        return bool(rule(template))
    except (AttributeError, KeyError, IndexError, LookupError, StopIteration, TypeError, ValueError):
        return True


def _spelled(path: Path) -> str:
    return "/".join(map(str, path))


def _explained(path: str) -> str | None:
    return next((why for pattern, why in EXPLAINED.items() if fnmatchcase(path, pattern)), None)


@pytest.mark.parametrize("section", SECTIONS)
def test_every_fault_of_one_value_is_noticed_or_explained(section: str, unnoticed) -> None:
    assert [fault for fault in unnoticed[section] if not _explained(fault[0])] == []


def test_every_explanation_is_needed(template: Template, unnoticed, measured: Callable[[str], None]) -> None:
    paths = [path for section in unnoticed.values() for path, _ in section]
    made = sum(1 for _ in faults(template))

    measured(f"{made} faults in template.yaml: {made - len(paths)} noticed, {len(paths)} explained")
    assert [pattern for pattern in EXPLAINED if not any(fnmatchcase(path, pattern) for path in paths)] == []
    assert made > 5000

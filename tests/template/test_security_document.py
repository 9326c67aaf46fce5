"""SECURITY.md says what each function may do, as the template does."""

from tests import roles
from tests.template import rules
from tests.template.rules import ROOT


def row(operation: str) -> str:
    """`book_slot` | Citizens: PutItem, Query; OtpQueue: SendMessage"""
    by_resource: dict[str, list[str]] = {}
    for action, resource in roles.granted(operation):
        by_resource.setdefault(resource, []).append(action.partition(":")[2])
    may = "; ".join(f"{resource}: {', '.join(sorted(actions))}" for resource, actions in sorted(by_resource.items()))
    return f"| `{operation}` | {may or 'nothing'} |"


def test_the_table_of_roles_is_the_templates() -> None:
    operations = sorted(rules.operation(function) for function in rules.functions(rules.read()).values())
    chapter = (ROOT / "SECURITY.md").read_text().partition("## What each function may do")[2].partition("## ")[0]

    assert [line for line in chapter.splitlines() if line.startswith("| `")] == [row(each) for each in operations]

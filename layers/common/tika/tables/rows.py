"""What the tables have in common: one client for all, the form of a JSON attribute, and queries."""

import json
from collections.abc import Iterator
from typing import Any

from pynamodb.attributes import JSONAttribute
from pynamodb.models import Model

from tika.aws import CONNECTION

# Built now: a container starts with more of a processor than it answers with, and threads would each build one.
_ = CONNECTION.client


class Json(JSONAttribute):
    """Compact, and Indian scripts as they are: escaped they would take six bytes a character instead of three."""

    def serialize(self, value: Any) -> str | None:
        return None if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def share_client(base: type[Model]) -> None:
    """Have the rows of a table, the subclasses of `base`, use the client of all.

    PynamoDB gives each table a connection of its own, and each connection a client, which takes 50 to 110 ms to build.
    """
    table = base._get_connection()
    CONNECTION.add_meta_table(table.get_meta_table())
    table.connection = CONNECTION


def items(table: type[Model], hash_key: str, **query: Any) -> Iterator[dict[str, Any]]:
    """What a Query finds, page by page, as DynamoDB returns it: making models of it takes longer than asking for it.

    `query`: further arguments of PynamoDB's Connection.query.
    """
    while True:
        page = CONNECTION.query(table_name=table.Meta.table_name, hash_key=hash_key, **query)
        yield from page["Items"]
        if not page.get("LastEvaluatedKey"):
            return
        query["exclusive_start_key"] = page["LastEvaluatedKey"]

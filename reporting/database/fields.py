"""Reads the fields of a JSON body; what is wrong goes to `Faults`."""
from __future__ import annotations

import re
from typing import Any

from reporting.database.faults import Faults
from reporting.database.records import KEEP, Keep

#: Bytes of a testcase's name: what PostgreSQL's index can hold in the worst case.
NAME_BYTES = 2_600
#: Characters of a group's uuid.
UUID_LENGTH = 36
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


class Body:
    """A JSON object of a stranger."""

    def __init__(self, data: Any, faults: Faults, model: str = "") -> None:
        """`model`: what v3's clients know the body as."""
        self.faults = faults
        if not isinstance(data, dict):
            faults.add(None, "model_type", data,
                       "Input should be a valid dictionary" + (f" or instance of {model}" if model else ""))
            faults.finish()
        self.data: dict[str, Any] = data

    def optional_text(self, field: str) -> str | None:
        """Return the text of a field, None where it is null or not given."""
        value = self.data.get(field)
        if value is None:
            return None
        return value if self.is_text(field, value) else None

    def required_text(self, field: str) -> str:
        """Return a text of at least one character; "" stands for a faulty one."""
        if field not in self.data:
            self.faults.add(field, "missing", self.data)
            return ""
        value = self.data[field]
        if not self.is_text(field, value):
            return ""
        if not value:
            self.faults.add(field, "string_too_short", value)
        return str(value)

    def name(self, field: str, value: str) -> str:
        """Note a fault where a testcase's name is too long for an index."""
        if len(value) > NAME_BYTES or len(value.encode("utf-8", "replace")) > NAME_BYTES:
            self.faults.add(field, "string_too_long", value, f"String should have at most {NAME_BYTES} bytes")
        return value

    def uuid(self, field: str, value: str) -> str:
        """Note a fault where a group's uuid is too long."""
        if len(value) > UUID_LENGTH:
            self.faults.add(field, "string_too_long", value, f"String should have at most {UUID_LENGTH} characters")
        return value

    def is_text(self, field: str, value: Any) -> bool:
        """Note a fault unless the value is text that every database can store."""
        if not isinstance(value, str):
            self.faults.add(field, "string_type", value)
            return False
        return self.is_storable(field, value)

    def is_storable(self, field: str, value: str) -> bool:
        """Note a fault where the text has a NUL or half of a surrogate pair."""
        if _UNSTORABLE.search(value):
            self.faults.add(field, "value_error", value, "a NUL character or a lone surrogate cannot be stored")
            return False
        return True


def keeping(data: dict[str, Any], field: str) -> str | Keep | None:
    """Return the field of an object in which it may be absent."""
    value: str | Keep | None = data.get(field, KEEP)
    return value

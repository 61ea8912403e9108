"""Every error that CapGap Geo raises on purpose."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any


class CapGapError(Exception):
    """Base of all errors: a stable `code`, a `message` for people, `details` for programs.

    Parameters
    ----------
    message
        What is wrong, where, what was found and what to do.
    code
        Stable identifier; the app shows the translated text of ``error.<code>``.
    details
        Whatever helps to repair it, for instance the list of problems of a table.
    """

    code = "error"

    def __init__(
        self, message: str, *, code: str | None = None, details: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.code = code or type(self).code
        self.details: Mapping[str, Any] = MappingProxyType(dict(details or {}))

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (type(self), str(self), self.code, dict(self.details))


def _again(kind: type[CapGapError], message: str, code: str, details: Mapping[str, Any]) -> CapGapError:
    """Return an error that came from another process."""
    return kind(message, code=code, details=details)


class DataNotFoundError(CapGapError, FileNotFoundError):
    """A file or folder of the study is not there."""

    code = "data_not_found"


class WriteError(CapGapError, OSError):
    """A file cannot be written."""

    code = "write"


class SchemaError(CapGapError, ValueError):
    """A table breaks its column contract; ``details["problems"]`` lists every break."""

    code = "schema"


class ProvenanceError(CapGapError, ValueError):
    """A file has no source, no licence, or not the bytes that its package states."""

    code = "provenance"


class ScenarioError(CapGapError, ValueError):
    """A question that cannot be asked: an unknown name or a value out of range."""

    code = "scenario"


class UploadError(CapGapError, ValueError):
    """A file brought by a user cannot be used."""

    code = "upload"

"""Comparisons with libraries that only the benchmarks install: deselected where one is missing."""

from __future__ import annotations

from importlib.util import find_spec

import pytest


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect the tests marked ``peer("package")`` whose package is not installed."""
    missing = [
        item for item in items if any(find_spec(p) is None for m in item.iter_markers("peer") for p in m.args)
    ]
    if missing:
        config.hook.pytest_deselected(items=missing)
        items[:] = [item for item in items if item not in missing]

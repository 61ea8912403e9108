"""Slow down whoever guesses: each address may try a few times, then waits."""

from __future__ import annotations

import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable

#: Tries of one address within a window, and the window in seconds.
TRIES, WINDOW = 5, 300.0
#: Addresses that are remembered; the one that tried longest ago is forgotten first.
_ADDRESSES = 10_000


class Attempts:
    """Counts the tries of each address."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._tries: OrderedDict[str, list[float]] = OrderedDict()

    def wait(self, address: str) -> int:
        """Count a try; return the seconds to wait before it may be made, 0 if it may be made now."""
        whose, now = _network(address), self._clock()
        recent = [at for at in self._tries.pop(whose, []) if now - at < WINDOW]
        if len(recent) < TRIES:
            recent.append(now)
            left = 0
        else:
            left = math.ceil(WINDOW - (now - recent[0]))
        self._tries[whose] = recent
        while len(self._tries) > _ADDRESSES:
            self._tries.popitem(last=False)
        return left

    def forget(self, address: str) -> None:
        """Forget the tries of an address that knew the password."""
        self._tries.pop(_network(address), None)


def _network(address: str) -> str:
    """Return what belongs to one client: an IPv4 address, or an IPv6 network of 64 bits."""
    try:
        given = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if isinstance(given, ipaddress.IPv6Address) and not given.ipv4_mapped:
        return str(ipaddress.ip_network((given, 64), strict=False))
    return str(getattr(given, "ipv4_mapped", None) or given)

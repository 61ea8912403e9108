"""What really goes over the wire: a relay in front of the app that counts what the app sends."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Wire:
    """Bytes sent by the app, compression, headers and all."""

    def __init__(self) -> None:
        self.sent = 0
        self.port = 0

    async def serve(self, app: int) -> asyncio.Server:
        """Listen on a free port and pass on what comes to the app's, and back."""

        async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            back, forth = await asyncio.open_connection("localhost", app)
            await asyncio.gather(_pump(reader, forth), _pump(back, writer, self))

        server = await asyncio.start_server(relay, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        return server


async def _pump(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, counter: Wire | None = None
) -> None:
    try:
        while part := await reader.read(1 << 16):
            if counter is not None:
                counter.sent += len(part)
            writer.write(part)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


@contextmanager
def counting(app: int) -> Iterator[Wire]:
    """Yield a relay to a port of this machine for as long as a block lasts."""
    wire, loop = Wire(), asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(wire.serve(app), loop).result(10)
    try:
        yield wire
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)

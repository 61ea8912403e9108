"""Readers of the running app, simulated over its websocket: each asks, waits for the answer, asks again."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass, field

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as open_socket
from websockets.exceptions import ConnectionClosed

SERVICES = ("police", "prosecution", "protection")
THRESHOLDS = (60, 90, 120, 180, 240, 360, 480, 720)
#: The biggest message that a reader accepts, in bytes.
LARGEST = 64 * 1024 * 1024


@dataclass
class Reader:
    """One session: what it waited, and how much it was sent, for each change."""

    seconds: list[float] = field(default_factory=list)
    bytes: list[int] = field(default_factory=list)
    errors: int = 0


async def connect(port: int) -> ClientConnection:
    """Open a session as a browser does."""
    address = f"ws://localhost:{port}/_stcore/stream"
    return await open_socket(address, subprotocols=["streamlit"], max_size=LARGEST)


async def ask(connection: ClientConnection, query: str, reader: Reader) -> None:
    """Run the page with a query string and wait until it has finished."""
    message = BackMsg()
    message.rerun_script.query_string = query
    start, size = time.perf_counter(), 0
    await connection.send(message.SerializeToString())
    while True:
        try:
            raw = await connection.recv()
        except ConnectionClosed:
            reader.errors += 1
            return
        size += len(raw)
        answer = ForwardMsg()
        answer.ParseFromString(raw)
        if answer.WhichOneof("type") == "script_finished":
            break
        if "exception" in str(answer.delta.new_element.WhichOneof("type")):
            reader.errors += 1
    reader.seconds.append(time.perf_counter() - start)
    reader.bytes.append(size)


async def visit(port: int, reader: Reader, *, seconds: float, pause: tuple[float, float], seed: int) -> None:
    """Open the app and change something every few seconds, until the time is over."""
    pick = random.Random(seed)  # noqa: S311 - readers, not keys
    connection = await connect(port)
    end = time.perf_counter() + seconds
    await ask(connection, "lang=en", Reader())
    while time.perf_counter() < end:
        await asyncio.sleep(pick.uniform(*pause))
        query = f"lang=en&service={pick.choice(SERVICES)}&threshold={pick.choice(THRESHOLDS)}"
        await ask(connection, query, reader)
    await connection.close()


async def crowd(port: int, *, users: int, seconds: float, pause: tuple[float, float]) -> list[Reader]:
    """Let many readers visit at once; they arrive over ten seconds."""
    readers = [Reader() for _ in range(users)]

    async def come(number: int) -> None:
        await asyncio.sleep(10 * number / users)
        await visit(port, readers[number], seconds=seconds, pause=pause, seed=number)

    await asyncio.gather(*(come(n) for n in range(users)))
    return readers

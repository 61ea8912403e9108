"""Readers of the running app, simulated over its websocket: each asks, waits for the answer, asks again."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import cast

from streamlit.proto.Alert_pb2 import Alert
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as open_socket
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

SERVICES = ("police", "prosecution", "protection")
THRESHOLDS = (60, 90, 120, 180, 240, 360, 480, 720)
#: The biggest message that a reader accepts, in bytes.
LARGEST = 64 * 1024 * 1024
#: Seconds after which a reader gives up; it counts as an error.
PATIENCE = 30.0


@dataclass
class Reader:
    """One session: what it waited, and how much it was sent, for each change."""

    seconds: list[float] = field(default_factory=list)
    bytes: list[int] = field(default_factory=list)
    errors: int = 0


class Connection(ClientConnection):
    """A session that counts the bytes that reach it, as they are on the wire."""

    received = 0

    def data_received(self, data: bytes) -> None:
        self.received += len(data)
        super().data_received(data)


async def connect(port: int) -> Connection:
    """Open a session as a browser does."""
    address = f"ws://localhost:{port}/_stcore/stream"
    opened = await open_socket(
        address, subprotocols=[Subprotocol("streamlit")], max_size=LARGEST, create_connection=Connection
    )
    return cast(Connection, opened)


async def answers(connection: ClientConnection) -> AsyncIterator[ForwardMsg]:
    """Yield what the app sends, until its script has finished."""
    finished = False
    while not finished:
        raw = await connection.recv()
        answer = ForwardMsg()
        answer.ParseFromString(raw)
        finished = answer.WhichOneof("type") == "script_finished"
        yield answer


def failed(answer: ForwardMsg) -> bool:
    """Return whether a part of a page says that something went wrong."""
    element = answer.delta.new_element
    kind = element.WhichOneof("type")
    return kind == "exception" or (kind == "alert" and element.alert.format == Alert.ERROR)


async def ask(connection: Connection, query: str, reader: Reader) -> None:
    """Run the page with a query string and wait until it has finished."""
    message = BackMsg()
    message.rerun_script.query_string = query
    start, before = time.perf_counter(), connection.received
    await connection.send(message.SerializeToString())
    async for answer in answers(connection):
        reader.errors += failed(answer)
    reader.seconds.append(time.perf_counter() - start)
    reader.bytes.append(connection.received - before)


async def visit(port: int, reader: Reader, *, seconds: float, pause: tuple[float, float], seed: int) -> None:
    """Open the app and change something every few seconds; come again if the connection is lost."""
    pick = random.Random(seed)  # noqa: S311 - readers, not keys
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        try:
            async with await connect(port) as connection:
                await asyncio.wait_for(ask(connection, "lang=en", Reader()), PATIENCE)
                while time.perf_counter() < end:
                    await asyncio.sleep(pick.uniform(*pause))
                    query = f"lang=en&service={pick.choice(SERVICES)}&threshold={pick.choice(THRESHOLDS)}"
                    await asyncio.wait_for(ask(connection, query, reader), PATIENCE)
        except (WebSocketException, OSError, TimeoutError):
            reader.errors += 1
            await asyncio.sleep(1)


async def crowd(port: int, *, users: int, seconds: float, pause: tuple[float, float]) -> list[Reader]:
    """Let many readers visit at once; they arrive over ten seconds."""
    readers = [Reader() for _ in range(users)]

    async def come(number: int) -> None:
        await asyncio.sleep(10 * number / users)
        await visit(port, readers[number], seconds=seconds, pause=pause, seed=number)

    await asyncio.gather(*(come(n) for n in range(users)))
    return readers

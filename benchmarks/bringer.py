"""One reader who brings files of their own, sent and read as a browser and the page do it."""

from __future__ import annotations

import asyncio
import http.client
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from types import TracebackType

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Common_pb2 import FileURLs
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection

from benchmarks.sessions import answers, connect, failed
from capgap_geo.sources.uploads.limits import DEFAULT

ALLOWED = DEFAULT.upload_bytes
FORBIDDEN = 5 * ALLOWED
ROWS = DEFAULT.rows - 1
_COOKIE = "_streamlit_xsrf"
_BOUNDARY = "--------capgap"
_PIECE = 1 << 16
#: A refusal comes before the file has been sent, which breaks the pipe.
_CUT = (BrokenPipeError, ConnectionResetError)


@dataclass
class Brought:
    """What became of the files: how long reading took, how others were refused, and what went wrong."""

    seconds: list[float] = field(default_factory=list)
    refused: int = 0
    errors: list[str] = field(default_factory=list)


def cases(size: int = ALLOWED) -> bytes:
    """Return a table of single cases of that size, a good one, with as many rows as are read."""
    head = "department,latitude,longitude,date,measure,registry,note\n"
    width = (size - len(head)) // ROWS
    rows = []
    for number in range(ROWS):
        lat, lon = -13.3 - (number % 317) / 1000, -71.8 - (number // 317) / 1000
        date = f"{2010 + number % 14}-{1 + number % 12:02d}-15"
        row = f"Cusco,{lat:.4f},{lon:.4f},{date},complaints,REGISTRY {number % 3},"
        rows.append(row.ljust(width - 1, "x") + "\n")
    table = (head + "".join(rows)).encode()
    return table[:-1].ljust(size - 1) + b"\n"


class Bringer:
    """A session on the page Your data."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.connection: ClientConnection
        self.session = self.place = self.token = ""

    async def __aenter__(self) -> Bringer:
        with urllib.request.urlopen(f"http://localhost:{self.port}/_stcore/health") as answer:
            self.token = SimpleCookie(answer.headers["Set-Cookie"])[_COOKIE].value
        self.connection = await connect(self.port)
        for answer in await self._run(BackMsg()):
            if answer.WhichOneof("type") == "new_session":
                self.session = answer.new_session.initialize.session_id
            element = answer.delta.new_element
            if element.WhichOneof("type") == "file_uploader" and not self.place:
                self.place = element.file_uploader.id
        return self

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        await self.connection.close()

    async def _run(self, message: BackMsg) -> list[ForwardMsg]:
        message.rerun_script.query_string = "lang=en"
        message.rerun_script.page_name = "data"
        await self.connection.send(message.SerializeToString())
        return [answer async for answer in answers(self.connection)]

    async def _where(self, name: str) -> FileURLs:
        """Ask where a file is to be sent."""
        message = BackMsg()
        message.file_urls_request.request_id = name
        message.file_urls_request.session_id = self.session
        message.file_urls_request.file_names.append(name)
        await self.connection.send(message.SerializeToString())
        while True:
            answer = ForwardMsg()
            answer.ParseFromString(await self.connection.recv())
            if answer.WhichOneof("type") == "file_urls_response":
                where: FileURLs = answer.file_urls_response.file_urls[0]
                return where

    async def send(self, content: bytes, name: str, *, stated: bool = True) -> tuple[int, FileURLs]:
        """Send a file; return the status.

        Parameters
        ----------
        stated
            Whether its size is told beforehand, as browsers do.
        """
        where = await self._where(name)
        return await asyncio.to_thread(self._put, where.upload_url, content, name, stated), where

    def _put(self, path: str, content: bytes, name: str, stated: bool) -> int:
        head = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"; filename="{name}"\r\n\r\n'
        body = head.encode() + content + f"\r\n--{_BOUNDARY}--\r\n".encode()
        headers = {
            "Content-Type": f"multipart/form-data; boundary={_BOUNDARY}",
            "X-Xsrftoken": self.token,
            "Cookie": f"{_COOKIE}={self.token}",
        }
        if stated:
            headers["Content-Length"] = str(len(body))
        line = http.client.HTTPConnection("localhost", self.port, timeout=60)
        with suppress(*_CUT):
            line.request("PUT", path, body=_pieces(body), headers=headers, encode_chunked=not stated)
        try:
            return line.getresponse().status
        except _CUT:
            return 0
        finally:
            line.close()

    async def read(self, content: bytes, name: str, rows: int) -> float:
        """Send a file, let the page read it, take it away; return the seconds of reading.

        Raises
        ------
        RuntimeError
            The page does not say that all rows can be used.
        """
        status, where = await self.send(content, name)
        if status != 204:
            raise RuntimeError(f"{name}: {len(content)} bytes sent, status {status}")
        message = BackMsg()
        state = message.rerun_script.widget_states.widgets.add(id=self.place)
        state.file_uploader_state_value.uploaded_file_info.add(
            name=name, size=len(content), file_id=where.file_id, file_urls=where
        )
        start = time.perf_counter()
        page = await self._run(message)
        took = time.perf_counter() - start
        said = " ".join(a.delta.new_element.html.body for a in page)
        if any(map(failed, page)) or f"{rows:,} of {rows:,}" not in said:
            raise RuntimeError(f"{name}: the page does not say that its {rows:,} rows can be used")
        await self._run(BackMsg())
        return took


def _pieces(body: bytes) -> Iterator[bytes]:
    for start in range(0, len(body), _PIECE):
        yield body[start : start + _PIECE]


async def bring(port: int, *, seconds: float) -> Brought:
    """Send too large and the largest allowed files, one after the other, until the time is over."""
    brought = Brought()
    good, bad = cases(), bytes(FORBIDDEN)
    end = time.perf_counter() + seconds
    async with Bringer(port) as bringer:
        while time.perf_counter() < end:
            for stated in (True, False):
                status, _ = await bringer.send(bad, "large.csv", stated=stated)
                brought.refused += status == 413
                if status != 413:
                    brought.errors.append(f"50 MB, status {status}")
            try:
                brought.seconds.append(await bringer.read(good, "cases.csv", ROWS))
            except RuntimeError as error:
                brought.errors.append(str(error))
    return brought

"""Simulated people in one process: each reads a page with its photos, thinks, and answers.

They do what a browser does: a connection for each burst of requests, each photo once, cookies, and
an answer that is sent again until the site has confirmed it.
"""

from __future__ import annotations

import asyncio
import random
import re
import time
from dataclasses import dataclass, field
from urllib.parse import urlencode

HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')
PHOTO = re.compile(r'<img src="([^"]+)"')
PRELOAD = re.compile(r'data-preload="([^"]*)"')
DOOR, WAY = "/s/trees/", "/s/trees/session/"
DEVICE = {"device_kind": "computer", "device_width": "1366", "device_height": "768"}
WAIT_S = 30.0  # for one answer of the site
RETRY_S = 1.0


@dataclass
class Times:
    """Seconds of each request, by what was asked for, and what failed."""

    answer: list[float] = field(default_factory=list)
    page: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


@dataclass
class Reply:
    """A response: its status, where it leads, its body."""

    status: int
    location: str
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")


class Connection:
    """One connection of a browser, with its person's cookies."""

    def __init__(self, port: int, cookies: dict[str, str]) -> None:
        self.port, self.cookies = port, cookies
        self.reader: asyncio.StreamReader | None = None
        self.writer: asyncio.StreamWriter | None = None

    async def request(self, method: str, path: str, form: dict[str, str] | None = None) -> Reply:
        """Send one request and read its answer. Raises ``OSError`` where the connection fails."""
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        body = urlencode(form).encode() if form is not None else b""
        head = [
            f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{self.port}",
            "Cookie: " + "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "User-Agent: Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0",
        ]  # fmt: skip
        if form is not None:
            head += [
                "Content-Type: application/x-www-form-urlencoded",
                f"Content-Length: {len(body)}",
            ]
        self.writer.write("\r\n".join([*head, "", ""]).encode() + body)
        try:
            return await asyncio.wait_for(self._read(), WAIT_S)
        except (asyncio.IncompleteReadError, TimeoutError) as error:
            await self.close()
            raise ConnectionError(f"{method}: {type(error).__name__}") from error

    async def _read(self) -> Reply:
        assert self.reader is not None
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        status, length, location, is_chunked, is_last = int(head[0].split()[1]), 0, "", False, False
        for line in head[1:]:
            name, _, value = line.partition(": ")
            match name.lower():
                case "content-length":
                    length = int(value)
                case "transfer-encoding":
                    is_chunked = value == "chunked"
                case "connection":
                    is_last = value == "close"
                case "location":
                    location = value
                case "set-cookie":
                    cookie, _, content = value.partition(";")[0].partition("=")
                    self.cookies[cookie] = content
        body = await (self._chunks() if is_chunked else self.reader.readexactly(length))
        if is_last:
            await self.close()
        return Reply(status, location, body)

    async def _chunks(self) -> bytes:
        assert self.reader is not None
        parts = []
        while size := int(await self.reader.readline(), 16):
            parts.append(await self.reader.readexactly(size))
            await self.reader.readline()
        await self.reader.readline()
        return b"".join(parts)

    async def close(self) -> None:
        """Close the connection; the next request opens another one."""
        if self.writer is not None:
            self.writer.close()
        self.reader = self.writer = None


class Person:
    """One person: the cookies, the photos already seen, and the answers that were confirmed."""

    def __init__(self, number: int, port: int, times: Times) -> None:
        self.rng = random.Random(number)
        self.port, self.times = port, times
        self.cookies: dict[str, str] = {}
        self.seen: set[str] = set()
        self.page = ""
        self.key = ""
        self.confirmed: list[bool] = []
        self.is_measured = False
        self.is_over = False

    async def _patient(
        self, web: Connection, method: str, path: str, form: dict[str, str] | None = None
    ) -> Reply:
        """Ask until the site answers; note each failure."""
        while True:
            try:
                reply = await web.request(method, path, form)
            except OSError as error:
                await web.close()
                self.times.errors.append(f"{method} {type(error).__name__}")
            else:
                if reply.status < 500:
                    return reply
                self.times.errors.append(f"{method} {reply.status}")
            await asyncio.sleep(RETRY_S)

    async def _read_page(self, web: Connection, path: str = WAY) -> None:
        begun = time.perf_counter()
        reply = await self._patient(web, "GET", path)
        if self.is_measured:
            self.times.page.append(time.perf_counter() - begun)
        self.page = reply.text
        preload = PRELOAD.search(self.page)
        photos = PHOTO.findall(self.page) + (preload[1].split() if preload else [])
        for photo in dict.fromkeys(photos):
            if photo not in self.seen:
                self.seen.add(photo)
                await self._patient(web, "GET", photo)

    async def enter(self) -> None:
        """Come by the door, agree, and read as far as the first trial."""
        web = Connection(self.port, self.cookies)
        door = await self._patient(web, "GET", DOOR)
        form = dict(HIDDEN.findall(door.text)) | DEVICE | {"agree": "on"}
        self.key = form["enrolment_key"]
        await self._patient(web, "POST", DOOR, form)
        await self._read_page(web)
        while not self.is_at_trial and not self.is_over:
            await self._patient(web, "POST", WAY, self._form())
            await self._read_page(web)
        await web.close()

    @property
    def is_at_trial(self) -> bool:
        """Whether the page asks a question."""
        return 'name="answer"' in self.page

    def _form(self) -> dict[str, str]:
        form = dict(HIDDEN.findall(self.page))
        self.is_over = "step" not in form
        return form

    async def go(self, until: float, think_s: float) -> None:
        """Think and answer until the moment ``until`` of the event loop's clock, or the end."""
        loop = asyncio.get_running_loop()
        await asyncio.sleep(self.rng.uniform(0, think_s))
        while loop.time() < until and not self.is_over:
            await self.answer()
            await asyncio.sleep(self.rng.uniform(0.5, 1.5) * think_s)

    async def answer(self) -> None:
        """Answer the question on the page, and read the next page."""
        form = self._form()
        if self.is_over:
            return
        is_asked, is_yes = self.is_at_trial, self.rng.random() < 0.5
        if is_asked:
            form |= {"answer": "yes" if is_yes else "no", "rt_ms": "4000", "given_by": "key"}
        web = Connection(self.port, self.cookies)
        begun = time.perf_counter()
        reply = await self._patient(web, "POST", WAY, form)
        if self.is_measured:
            self.times.answer.append(time.perf_counter() - begun)
        if is_asked and reply.status == 302:
            self.confirmed.append(is_yes)
        elif reply.status != 302:
            self.times.errors.append(f"POST {reply.status}")
        await self._read_page(web)
        await web.close()

"""A line between a box and its hub that can be cut, stopped and made slow.

It relays a TCP connection, so it shows what TCP shows of a bad line: refused and broken connections,
silence, delay. Lost packets are ``packet_loss``'s.
"""

import asyncio
import threading
from contextlib import suppress

__all__ = ["LinkRelay"]

_PIECE_BYTES = 65_536


class LinkRelay:
    """Relays connections from a loopback port to another, in a thread of its own.

    Args:
        port: port that the box speaks to.
        to_port: port of the hub.
    """

    def __init__(self, port: int, to_port: int) -> None:
        self._port = port
        self._to_port = to_port
        self._delay_s = 0.0
        self._whole = True
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._open = asyncio.Event()
        self._open.set()
        self._thread = threading.Thread(target=self._loop.run_forever, name="relay", daemon=True)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10.0)

    def cut(self) -> None:
        """Break every connection, and every new one, until restored."""
        self._loop.call_soon_threadsafe(self._break)

    def silence(self) -> None:
        """Let connections stand, but let nothing through until restored."""
        self._loop.call_soon_threadsafe(self._open.clear)

    def restore(self) -> None:
        """Be a whole line again."""
        self._loop.call_soon_threadsafe(self._mend)

    def delay(self, seconds: float) -> None:
        """Let every piece wait so long, each way."""
        self._delay_s = seconds

    def close(self) -> None:
        """End every connection and the thread."""
        self._loop.call_soon_threadsafe(self._break)
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10.0)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10.0)
        self._loop.close()

    # Below: the relay's thread.

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._connect, "127.0.0.1", self._port)

    async def _end(self) -> None:
        self._server.close()
        current = asyncio.current_task()
        tasks = [task for task in asyncio.all_tasks() if task is not current]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _break(self) -> None:
        self._whole = False
        for writer in self._writers:
            writer.transport.abort()

    def _mend(self) -> None:
        self._whole = True
        self._open.set()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._whole:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._to_port)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, far_writer}
        try:
            await asyncio.gather(self._pipe(reader, far_writer), self._pipe(far_reader, writer))
        finally:
            self._writers -= {writer, far_writer}

    async def _pipe(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while piece := await reader.read(_PIECE_BYTES):
                if self._delay_s:
                    await asyncio.sleep(self._delay_s)
                await self._open.wait()
                writer.write(piece)
                await writer.drain()
        writer.transport.abort()

"""Videos served by RTSP, as a street camera would: for trying a box without one."""

import asyncio
import contextlib
import logging
from pathlib import Path

import aio_rtsp_toolkit.server as rtsp

from runtime.process import StopFlag
from simulators.errors import WireError

__all__ = ["serve_videos"]

_LOOK_S = 0.2


def serve_videos(folder: Path, host: str, port: int, stop: StopFlag, for_s: float | None) -> None:
    """Serve the ``.mp4`` files of a folder by RTSP over TCP until told to stop.

    Args:
        folder: ``rtsp://host:port/NAME.mp4`` is ``folder/NAME.mp4``.
        host: address to listen on.
        port: port to listen on.
        stop: ends it.
        for_s: real seconds after which it ends; None: never.

    Raises:
        WireError: the port is taken, or the address is none of this machine's.
    """
    try:
        asyncio.run(_serve(folder, host, port, stop, for_s))
    except OSError as error:
        raise WireError(f"rtsp://{host}:{port}: {error}; choose another --port") from error


async def _serve(folder: Path, host: str, port: int, stop: StopFlag, for_s: float | None) -> None:
    # its own logger writes a line for every client to standard output
    rtsp.logger = logging.getLogger("simulators.rtsp")
    server = rtsp.RtspServer(directory=str(folder), host=host, port=port)
    await server.start()
    serving = asyncio.create_task(server.serve_forever())
    loop = asyncio.get_running_loop()
    ends_s = None if for_s is None else loop.time() + for_s
    try:
        while not stop and not serving.done() and (ends_s is None or loop.time() < ends_s):
            await asyncio.to_thread(stop.wait, _LOOK_S)
    finally:
        serving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await serving
        await server.close()

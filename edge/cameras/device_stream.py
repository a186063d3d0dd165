"""Pictures of a video device of Linux, such as a USB camera, taken from its driver.

The library has a reader for such devices, which is not used: it waits for a picture without an end
(a camera that falls silent would never be opened again), and it takes another size or rate than the
one asked for without a word.
"""

import errno
import time
from collections.abc import Callable, Generator
from fractions import Fraction

from av.video.frame import VideoFrame

from edge.cameras.capture_buffers import Capture, CaptureBuffers
from edge.cameras.device_mode import DeviceWish, TakenMode, choose_mode, told_modes
from edge.cameras.device_picture import PictureReader
from edge.cameras.video_device import VideoDevice, device_names, examine_device
from edge.errors import CameraError, CameraFault, CameraSetup

__all__ = ["DeviceStream"]

_MICROSECOND = Fraction(1, 1_000_000)


class DeviceStream:
    """An opened video device; for one thread.

    Args:
        camera: the camera's id, for messages.
        path: the device, such as /dev/video0.
        wish: size, rate and format that are asked for; a rate and a format left open are chosen, the
            size is then what the device stands at.
        counters: where corrupt_packets and undecodable_packets are counted.
        read_timeout_s: seconds without a picture after which the device counts as stalled.
        seconds: a clock that only grows, in seconds.

    Attributes:
        mode: what it was opened with.

    Raises:
        CameraFault: not there, not allowed, in use.
        CameraSetup: no video device, or it lacks what is asked for.
    """

    def __init__(
        self,
        camera: str,
        path: str,
        wish: DeviceWish,
        counters: dict[str, int],
        *,
        read_timeout_s: float,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._camera = camera
        self._path = path
        self._counters = counters
        self._read_timeout_s = read_timeout_s
        self._seconds = seconds
        device = self._examined()
        self.mode = self._chosen(device, wish)
        try:
            self._buffers = CaptureBuffers(path, self.mode)
        except OSError as error:
            raise self._refused(error) from error
        try:
            self._check(self._buffers, wish)
            self._buffers.start()
        except OSError as error:
            self._buffers.close()
            raise self._refused(error) from error
        except CameraError:
            self._buffers.close()
            raise
        self._reader = PictureReader(self._buffers.mode, self._buffers.row_bytes)
        self._frames = self._read()

    def next(self) -> VideoFrame:
        """Return the next frame.

        Raises:
            CameraFault: stalled, unplugged or broken.
        """
        return next(self._frames)

    def seconds_of(self, frame: VideoFrame) -> float | None:
        """Return the driver's own time of a frame in seconds, or None where it tells none."""
        return frame.time

    def close(self) -> None:
        """Let go of the device."""
        self._frames.close()
        self._buffers.close()

    def _examined(self) -> VideoDevice:
        try:
            device = examine_device(self._path)
        except OSError as error:
            raise self._refused(error) from error
        if not device.captures:
            # numbers change with the order of plugging in: what is there may be another one tomorrow
            raise CameraFault(
                self._camera,
                f"{self._path} ({device.name}) gives no pictures; "
                "a USB camera's second device holds data about them: take its first one",
            )
        return device

    def _chosen(self, device: VideoDevice, wish: DeviceWish) -> TakenMode:
        taken = choose_mode(device.modes, wish, device.size)
        if taken is not None:
            return taken
        if not device.listed and device.formats:
            # it scales to any size: whether it does is seen when it is asked
            width, height = wish.size or device.size
            return TakenMode(wish.format or device.formats[0], width, height, wish.rate_hz)
        raise CameraSetup(
            self._camera,
            f"{self._path} ({device.name}) does not offer {wish}; its modes: "
            f"{told_modes(device.modes, wish.size or device.size, wish.format) or 'none that is known here'}; "
            "put one of these into device_size, device_fps and device_format",
        )

    def _check(self, buffers: CaptureBuffers, wish: DeviceWish) -> None:
        """Refuse what the driver made of the wish where it is something else."""
        given, mode = buffers.mode, self.mode
        off = given[:3] != mode[:3]
        if wish.rate_hz is not None and given.rate_hz is not None:
            off |= abs(given.rate_hz - wish.rate_hz) > 0.01 * wish.rate_hz
        if off:
            raise CameraSetup(
                self._camera,
                f"{self._path} gives {given} in place of {mode}; "
                "put one of its own modes into device_size, device_fps and device_format",
            )

    def _refused(self, error: OSError) -> CameraError:
        path = self._path
        if error.errno == errno.ENOENT:
            there = ", ".join(device_names()) or "none"
            return CameraFault(
                self._camera,
                f"{path}: no such device; plug the camera in, or correct source.device "
                f"(video devices here: {there})",
            )
        if error.errno in {errno.EACCES, errno.EPERM}:
            return CameraFault(
                self._camera,
                f"{path} may not be opened by this user; put the user into the device's group, "
                "mostly video",
            )
        if error.errno == errno.EBUSY:
            return CameraFault(
                self._camera,
                f"{path} is in use by another program or camera; end that one "
                f"(fuser {path} names it)",
            )
        if error.errno in {errno.ENOSPC, errno.ENOMEM}:
            return CameraFault(
                self._camera,
                f"{path}: no room for its pictures ({error.strerror}); use another USB socket, or a "
                "smaller device_size or device_fps",
            )
        if error.errno == errno.ENOTTY:
            return CameraSetup(self._camera, f"{path} is no video device; correct source.device")
        return CameraFault(
            self._camera,
            f"{path} could not be opened ({error.strerror}); check its cable and its power",
        )

    def _read(self) -> Generator[VideoFrame, None, None]:
        good_s, spoilt = self._seconds(), 0
        while True:
            capture = self._capture(self._read_timeout_s - (self._seconds() - good_s), spoilt)
            if capture is None:
                continue
            frame = self._frame(capture)
            if frame is None:
                spoilt += 1
                continue
            yield frame
            # whoever takes the frames may have been away for long
            good_s, spoilt = self._seconds(), 0

    def _capture(self, left_s: float, spoilt: int) -> Capture | None:
        """Return the next picture; None where none came, though there may still be time.

        A camera that sends nothing but rubbish is no better than a silent one: whoever closes it waits
        for the end of this.

        Raises:
            CameraFault: the device broke off, or ``left_s`` seconds are over.
        """
        if left_s <= 0.0 and spoilt > 0:
            raise CameraFault(
                self._camera,
                f"{self._path}: none of {spoilt} pictures in a row could be used; "
                "check its cable and its power, and ask for another device_format",
            )
        try:
            capture = self._buffers.next(max(left_s, 0.0))
        except OSError as error:
            raise CameraFault(
                self._camera,
                f"{self._path} broke off ({error.strerror}); check its cable and its power",
            ) from error
        if capture is None and left_s <= 0.0:
            raise CameraFault(
                self._camera,
                f"{self._path} sent nothing for {self._read_timeout_s:g} s; "
                "check its cable and its power",
            )
        return capture

    def _frame(self, capture: Capture) -> VideoFrame | None:
        """Return what a picture shows; None, and counted, where it is spoilt."""
        if capture.damaged:
            self._counters["corrupt_packets"] += 1
            return None
        try:
            frame = self._reader.read(capture.data)
        except ValueError:
            self._counters["undecodable_packets"] += 1
            return None
        if capture.taken_us is not None:
            frame.pts, frame.time_base = capture.taken_us, _MICROSECOND
        return frame

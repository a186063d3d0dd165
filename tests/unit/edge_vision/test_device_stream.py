"""Video devices that are none, and pictures as a driver writes them down."""

from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from edge.cameras.device_mode import TakenMode
from edge.cameras.device_picture import PictureReader, raw_bytes
from edge.cameras.picture import YuvPicture
from edge.cameras.pyav_source import PyAvSource
from edge.errors import CameraError, CameraFault, CameraSetup

WIDTH, HEIGHT = 64, 32
COLOURS = [(190, 190, 190), (0, 190, 190), (0, 0, 190), (190, 0, 0)]
PACKED = ["yuyv422", "uyvy422"]


def bars(form: str) -> av.VideoFrame:
    """Return four upright bars in a pixel format, from the library itself."""
    pixels = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    for number, colour in enumerate(COLOURS):
        pixels[:, number * 16 : number * 16 + 16] = colour
    return av.VideoFrame.from_ndarray(pixels, format="bgr24").reformat(format=form)


def as_written(frame: av.VideoFrame, row_bytes: int) -> bytes:
    """Return a frame as a driver writes it, with this distance from row to row of the first plane."""
    data = b""
    for number, plane in enumerate(frame.planes):
        stride = row_bytes // 2 if frame.format.name == "yuv420p" and number else row_bytes
        rows = np.frombuffer(memoryview(plane), np.uint8)[: plane.line_size * plane.height]
        padded = np.zeros((plane.height, stride), np.uint8)
        used = min(stride, plane.line_size)
        padded[:, :used] = rows.reshape(plane.height, -1)[:, :used]
        data += padded.tobytes()
    return data


@pytest.mark.parametrize("form", ["yuyv422", "uyvy422", "nv12", "yuv420p"])
@pytest.mark.parametrize("padding", [0, 64])
def test_colours_are_those_that_the_device_wrote(form: str, padding: int) -> None:
    """Of every format, also where rows are longer than the picture is wide."""
    row_bytes = (2 * WIDTH if form in PACKED else WIDTH) + padding
    mode = TakenMode(form, WIDTH, HEIGHT, 30.0)
    data = as_written(bars(form), row_bytes)
    picture = YuvPicture(PictureReader(mode, row_bytes).read(data))

    assert len(data) == raw_bytes(mode, row_bytes)
    for number, colour in enumerate(COLOURS):
        x = 8 + 16 * number
        for seen in (picture.bgr()[10, x], picture.crop_bgr(x - 4, 8, x + 4, 16)[4, 4]):
            assert np.abs(seen.astype(int) - colour).max() <= 4


@pytest.mark.parametrize("form", ["yuyv422", "nv12", "yuv420p"])
def test_an_odd_width_is_read(form: str) -> None:
    """The last pair of a row is half there."""
    width = WIDTH - 1
    row_bytes = 2 * width if form in PACKED else width
    mode = TakenMode(form, width, HEIGHT, 30.0)
    frame = PictureReader(mode, row_bytes).read(bytes(4 * width * HEIGHT))

    assert (frame.width, frame.height) == (width, HEIGHT)


def jpeg(*, mirrored: bool = False) -> bytes:
    """Return the bars as a JPEG."""
    pixels = np.asarray(bars("bgr24").to_ndarray(format="bgr24"), np.uint8)
    pixels = pixels[:, ::-1] if mirrored else pixels
    encoded, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 95])
    assert encoded
    return data.tobytes()


def test_jpegs_are_pictures_at_once() -> None:
    """Each is a frame of its own, without waiting for the next, in the right colours."""
    reader = PictureReader(TakenMode("mjpeg", WIDTH, HEIGHT, 30.0), 0)
    pictures = [YuvPicture(reader.read(jpeg(mirrored=mirrored))) for mirrored in (False, True)]

    for picture, colours in zip(pictures, (COLOURS, COLOURS[::-1]), strict=True):
        for number, colour in enumerate(colours):
            seen = picture.bgr()[16, 8 + 16 * number].astype(int)
            assert np.abs(seen - colour).max() <= 6


@pytest.mark.parametrize("form", ["mjpeg", "yuyv422"])
@pytest.mark.parametrize("data", [b"", b"\xff\xd8\xff", bytes(100)], ids=["none", "cut", "zeros"])
def test_what_is_no_picture_is_refused(form: str, data: bytes) -> None:
    """Nothing, a beginning, or rubbish; the next picture is read all the same."""
    reader = PictureReader(TakenMode(form, WIDTH, HEIGHT, 30.0), 2 * WIDTH)
    with pytest.raises(ValueError, match=r"no JPEG|no picture|in place of"):
        reader.read(data)
    good = jpeg() if form == "mjpeg" else as_written(bars(form), 2 * WIDTH)

    assert reader.read(good).width == WIDTH


@pytest.mark.parametrize("form", PACKED)
def test_brightness_is_that_of_the_planes(form: str) -> None:
    """A camera's packed picture is as bright in the agent as one that a decoder process sends."""
    picture = YuvPicture(bars(form))

    assert np.array_equal(picture.luma, picture.planar().luma)
    assert picture.luma[10, 8] == 179


def _fault(path: Path | str) -> CameraError:
    with pytest.raises(CameraError) as caught:
        PyAvSource("gate-3", f"v4l2://{path}").open()
    return caught.value


def test_a_device_that_is_not_there_may_still_come() -> None:
    """It is no setup error: it may be plugged in; the message says which are there."""
    fault = _fault("/dev/video99")

    assert isinstance(fault, CameraFault)
    assert "'gate-3'" in str(fault)
    assert "/dev/video99: no such device; plug the camera in" in str(fault)
    assert "password" not in str(fault)


@pytest.mark.parametrize("path", ["/dev/null", "/dev/zero", "/etc/hostname", "/dev"])
def test_what_is_no_video_device_is_said_to_be_none(path: str) -> None:
    """Another device, a file, a folder: nothing is opened, and no retry cures it."""
    fault = _fault(path)

    assert isinstance(fault, CameraSetup)
    assert f"{path} is no video device" in str(fault)

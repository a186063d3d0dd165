"""USB cameras on a real Linux video device: the driver ``vivid`` in a small virtual machine.

One boot serves all tests; what happens inside is in :mod:`tests.integration.edge_cameras.usb_scenes`.
"""

import sys
from itertools import pairwise
from typing import Any

import pytest

from tests.integration.edge_cameras.usb_scenes import SCENES
from tests.integration.edge_cameras.video_machine import video_machine
from tests.integration.edge_cameras.vivid import BARS, DRIVER

DEADLINE_S = 900.0
"""An emulated processor takes two minutes of a real one; other tests may hold that one up."""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(DEADLINE_S + 60.0)]


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return what every scene in the video machine saw."""
    folder = tmp_path_factory.mktemp("video-machine")
    command = [sys.executable, "-m", "tests.integration.edge_cameras.usb_scenes"]
    played = {
        line["scene"]: line["saw"]
        for line in video_machine().run(
            command, folder, drivers={"vivid": DRIVER}, deadline_s=DEADLINE_S
        )
    }
    assert played.keys() == SCENES.keys()
    return played


def test_a_device_says_what_it_offers(scenes: dict[str, Any]) -> None:
    """Name, formats, sizes and rates, as its driver lists them."""
    saw = scenes["offers"]

    assert (saw["name"], saw["captures"], saw["listed"]) == ("vivid", True, True)
    assert saw["formats"] == ["nv12", "uyvy422", "yuv420p", "yuyv422"]
    assert ["yuyv422", 1280, 720] in [mode[:3] for mode in saw["modes"]]
    assert sorted(saw["modes"][2][3], reverse=True)[:3] == [25.0, 15.0, 12.5]


@pytest.mark.parametrize(
    ("scene", "size", "fps"),
    [("pace_default", [640, 360], 30.0), ("pace_asked", [640, 480], 10.0)],
    ids=["nothing asked for", "size and rate asked for"],
)
def test_pictures_come_as_asked_for(
    scenes: dict[str, Any], scene: str, size: list[int], fps: float
) -> None:
    """Size and rate are right, times are the driver's own and grow, nothing is lost."""
    saw = scenes[scene]
    steps = [later - earlier for earlier, later in pairwise(saw["pts_s"])]

    assert saw["sizes"] == [size]
    assert min(steps) > 0.0
    assert sum(steps) / len(steps) == pytest.approx(1.0 / fps, rel=0.1)
    assert abs(saw["age_s"]) < 1.0
    assert saw["counters"]["frames"] == 12
    assert {name for name, count in saw["counters"].items() if count} <= {
        "frames",
        "dropped_frames",
    }


@pytest.mark.parametrize("form", ["yuyv422", "uyvy422", "nv12", "yuv420p"])
def test_colours_are_those_of_the_test_pattern(scenes: dict[str, Any], form: str) -> None:
    """Packed and planar formats, by each way from the driver's memory to BGR."""
    for name, colour in BARS.items():
        saw = scenes[form][name]
        for way in ("bgr", "crop", "small", "planar"):
            apart = max(abs(seen - drawn) for seen, drawn in zip(saw[way], colour, strict=True))
            assert apart <= 5, (form, name, way, saw[way])
        assert saw["luma"][0] == saw["luma"][1]


@pytest.mark.parametrize(
    ("case", "kind", "text"),
    [
        ("size", "CameraSetup", "/dev/video0 (vivid) does not offer 641x481; its modes: 320x180, 640x360, 640x480"),
        ("rate", "CameraSetup", "does not offer 640x480 at 77 frames/s; its modes: yuyv422 640x480 at 25/15/12.5"),
        ("format", "CameraSetup", "does not offer mjpeg; its modes: 320x180"),
        ("missing", "CameraFault", "no such device; plug the camera in, or correct source.device (video devices "),
        ("missing", "CameraFault", "here: /dev/video0, /dev/video1, /dev/video2, /dev/video3)"),
        ("null", "CameraSetup", "/dev/null is no video device"),
        ("data", "CameraFault", "/dev/video3 (vivid) gives no pictures"),
        ("forbidden", "CameraFault", "/dev/video0 may not be opened by this user"),
        ("busy", "CameraFault", "/dev/video0 is in use by another program or camera"),
        ("beside", "frames", "3"),
    ],
    ids=["size", "rate", "format", "missing", "which are there", "no video device", "second device", "no permission", "in use", "the one in use goes on"],
)  # fmt: skip
def test_what_cannot_be_opened_says_why(
    scenes: dict[str, Any], case: str, kind: str, text: str
) -> None:
    """Each in its own words; what may yet come or be freed is tried again."""
    saw = scenes["refusals"][case]

    assert saw["kind"] == kind
    assert text in saw["text"]


@pytest.mark.parametrize(
    ("scene", "faults"),
    [
        ("disconnected", ["broke off (No such device)"]),
        ("broken", ["broke off (Input/output error)"]),
        ("silent", ["sent nothing for 2 s"]),
        ("unplugged", ["broke off (No such device)", "/dev/video0: no such device"]),
    ],
)
def test_a_camera_that_fails_comes_back(
    scenes: dict[str, Any], scene: str, faults: list[str]
) -> None:
    """Gone, broken or silent: told, counted, opened again; time grows on over a marked break."""
    saw = scenes[scene]
    times = saw["before"] + saw["after"]

    assert len(saw["before"]) == len(saw["after"]) == 5
    assert all(any(fault in told for told in saw["faults"]) for fault in faults), saw["faults"]
    assert saw["counters"]["faults"] >= len(faults)
    assert saw["counters"]["reconnects"] >= len(faults)
    assert saw["breaks"] == [True, False, False, False, False]
    assert all(earlier < later for earlier, later in pairwise(times))


def test_a_device_that_scales_is_taken_at_its_word(scenes: dict[str, Any]) -> None:
    """It lists no sizes: one that it gives is taken, one that it makes another of is refused."""
    saw = scenes["scaled"]

    assert (saw["listed"], saw["formats"][0]) == (False, "yuyv422")
    assert saw["sizes"] == [[400, 300], [402, 300]]
    assert saw["size"]["kind"] == saw["rate"]["kind"] == "CameraSetup"
    assert "gives yuyv422 16x16 in place of yuyv422 8x8" in saw["size"]["text"]
    assert "in place of yuyv422 400x300 at 77" in saw["rate"]["text"]


def test_rubbish_is_a_fault_and_lets_go(scenes: dict[str, Any]) -> None:
    """Pictures that cannot be decoded are counted, told of as a fault, and the device is free again."""
    saw = scenes["rubbish"]

    assert saw["before"] == 2
    assert "pictures in a row could be used" in saw["fault"]
    assert saw["counters"]["undecodable_packets"] >= 10
    assert saw["again"]["kind"] == "none", saw["again"]


def test_a_silent_camera_is_let_go_of(scenes: dict[str, Any]) -> None:
    """Opened again while it still says nothing, it is told to be silent again, not to be in use."""
    saw = scenes["silent"]

    assert saw["counters"]["faults"] >= 2
    assert not any("in use" in fault for fault in saw["faults"])


def test_the_doctor_and_the_page_see_it(scenes: dict[str, Any]) -> None:
    """The doctor names the camera and its sizes; the page has its picture and writes what was asked for."""
    saw = scenes["examined"]
    verdict, detail, _ = saw["finding"]

    assert (verdict, saw["seen"]) == ("ok", True)
    assert detail.startswith("640x480, ")
    assert "vivid offers 320x180, 640x360, 640x480, 1280x720" in detail
    assert saw["missing"][0] == "fail"
    assert "/dev/video9: no such device" in saw["missing"][1]
    assert "login" not in saw["missing"][2]
    assert saw["page"][0] == "ok"
    assert saw["section"] == {"device": "/dev/video1", "device_size": [640, 480]}
    assert saw["picture"] == [640, 480]


def test_a_whole_box_keeps_its_camera(scenes: dict[str, Any]) -> None:
    """Through its decoder process: frames, a fault, frames again; the missing camera is told of at the hub."""
    saw = scenes["whole_box"]

    assert saw["saw"], saw
    assert saw["failed"], saw
    assert saw["again"], saw
    assert saw["told"], saw
    assert saw["counters"]["usb-1.faults"] >= 1
    assert saw["counters"]["usb-2.faults"] >= 1
    assert "usb-1.decoder_restarts" not in saw["counters"]

"""What is bad is named once, counted, and stops nothing else."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from structlog.testing import capture_logs

from contracts.observation import Observation, Phase
from contracts.readings import Readings
from edge.__main__ import main
from edge.bootstrap import build
from runtime.clock import SystemClock
from runtime.memory_hub import MemoryHub
from tests.integration.edge_agent.in_process import CONFIG, Gateway, InProcess, box_config
from tests.integration.edge_vision.drawn_video import draw_video

SECOND = """
- id: c-2
  source: {file: SOURCE}
  detector: DETECTOR
  offline_after_s: 4
sensors:
"""


def with_second(source: str, detector: str) -> str:
    """Return the configuration with a second camera."""
    second = SECOND.replace("SOURCE", source).replace("DETECTOR", detector)
    return CONFIG.replace("\nsensors:\n", second)


def healthy(box: InProcess) -> bool:
    """Return whether the first camera and the sensor did all their work."""
    crossings = box.gateway.observations("line_crossing")
    return len(crossings) == 2 and len(box.gateway.of(Readings)) == 7


@pytest.mark.parametrize(
    ("content", "expected"),
    [(b"no model at all", "not a usable ONNX file"), (None, "No such file")],
    ids=["not onnx", "missing"],
)
def test_a_bad_model_stops_only_its_camera(
    tmp_path: Path, content: bytes | None, expected: str
) -> None:
    """It is named once with its file; the other camera and the sensor go on; it counts as offline."""
    if content is not None:
        (tmp_path / "bad.onnx").write_bytes(content)
    config = box_config(with_second("a.mp4", "{kind: onnx, model: bad.onnx}"))
    with capture_logs() as logs:
        box = InProcess(tmp_path, config=config)
        box.agent.start()
        box.run(14.0)
    refused = [entry for entry in logs if entry["event"] == "camera_refused"]

    assert len(refused) == 1
    assert refused[0]["camera_id"] == "c-2"
    assert expected in refused[0]["reason"]
    assert "bad.onnx" in refused[0]["reason"]
    assert healthy(box)
    (offline,) = box.gateway.observations("camera_offline")
    assert (offline.camera, offline.phase) == ("c-2", Phase.START)


def test_a_class_that_the_detector_lacks_is_named(tmp_path: Path) -> None:
    """A zone of a class that nothing is ever given would count nothing, silently."""
    config = box_config(with_second("a.mp4", "{kind: background, classes: [tram]}"))
    with capture_logs() as logs:
        box = InProcess(tmp_path, config=config)
        box.agent.start()
        box.run(14.0)
    (refused,) = [entry for entry in logs if entry["event"] == "camera_refused"]

    assert "names class tram" in refused["reason"]
    assert "it has object, vehicle" in refused["reason"]
    assert healthy(box)


def test_a_truncated_video_is_named_and_ends(tmp_path: Path) -> None:
    """What could be read was looked at; the break is one line in the log, and others go on."""
    video = draw_video(tmp_path / "a.mp4", frames=100)
    data = video.read_bytes()
    video.write_bytes(data[: len(data) * 6 // 10])
    config = box_config(with_second("a.mp4", "{kind: background}"))
    with capture_logs() as logs:
        box = InProcess(tmp_path, config=config)
        box.agent.start()
        box.run(14.0)
    faults = [entry for entry in logs if entry["event"] == "camera_fault"]

    assert [entry["camera_id"] for entry in faults] == ["c-2"]
    assert 20 < box.agent.counters["c-2.frames_read"] < 100
    assert healthy(box)


def test_a_missing_video_is_named_once(tmp_path: Path) -> None:
    """A file that is not there is one line that names it."""
    config = box_config(with_second("gone.mp4", "{kind: background}"))
    with capture_logs() as logs:
        box = InProcess(tmp_path, config=config)
        box.agent.start()
        box.run(14.0)
    (fault,) = [entry for entry in logs if entry["event"] == "camera_fault"]

    assert "gone.mp4" in fault["reason"]
    assert healthy(box)


def test_a_full_disk_is_named_once_and_loses_nothing(tmp_path: Path) -> None:
    """While the outbox has no room messages wait in memory; when it has, all of them leave."""
    box = InProcess(tmp_path)
    box.agent.start()
    box.run(1.0)
    box.gateway.acknowledges = False
    file = box.agent.outbox._file
    (pages,) = file.execute("PRAGMA page_count").fetchone()
    with capture_logs() as logs:
        file.execute(f"PRAGMA max_page_count = {pages}")
        box.run(10.0)
        held = box.agent.counters["letters_held"]
        file.execute("PRAGMA max_page_count = 1000000")
        box.gateway.acknowledges = True
        box.run(3.0)
    events = [entry["event"] for entry in logs if entry["event"].startswith("outbox")]

    assert held > 0
    assert events == ["outbox_full", "outbox_recovered"]
    assert box.agent.counters["letters_lost"] == 0
    assert box.agent.counters["letters_held"] == 0
    assert healthy(box)
    phases = {s.observation_id: s.phase for s in box.gateway.of(Observation)}
    assert {Phase.END} == set(phases.values())


def test_a_frame_that_cannot_be_processed_costs_one_frame(tmp_path: Path) -> None:
    """A detector that throws is logged once with its traceback, counted, and the rest goes on."""
    box = InProcess(tmp_path)
    detect = box.detector.detect

    def sometimes(frame: object) -> object:
        if box.agent.counters["c-1.frames_read"] in {5, 6}:
            raise ZeroDivisionError
        return detect(frame)  # type: ignore[arg-type]

    box.detector.detect = sometimes  # type: ignore[method-assign, assignment]
    with capture_logs() as logs:
        box.agent.start()
        box.run(14.0)

    assert len([entry for entry in logs if entry["event"] == "frame_failed"]) == 1
    assert box.agent.counters["c-1.pipeline_faults"] == 2
    assert healthy(box)


@pytest.mark.slow
def test_a_camera_that_never_answers_stops_nobody(tmp_path: Path) -> None:
    """It counts as offline after its patience, while the sensor beside it goes on."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        config = box_config(
            "box: {district: d-1, site: s-1, box: b-1}\n"
            "cameras:\n- id: c-2\n"
            f"  source: {{rtsp: 'rtsp://127.0.0.1:{port}/a', timeout_s: 2}}\n"
            "  detector: {kind: background}\n  offline_after_s: 1\n"
            "sensors:\n- driver: simulated\n  subject: w-1\n  profile: water_level\n"
            "  every_s: 0.2\n  fields: {depth_m: {base: 0.1}}\n"
        )
        hub = MemoryHub()
        gateway = Gateway(hub)
        clock = SystemClock()
        agent = build(config, tmp_path, connect=lambda will: hub.session("b-1", will), clock=clock)
        with capture_logs() as logs:
            agent.start()
            began, longest_s = clock.now(), 0.0
            while clock.now() - began < timedelta(seconds=4.0):
                step_s = time.monotonic()
                agent.step(clock.now())
                longest_s = max(longest_s, time.monotonic() - step_s)
                gateway.step()
                time.sleep(0.01)
            agent.close()
    faults = [entry["reason"] for entry in logs if entry["event"] == "camera_fault"]

    assert len(faults) == 1
    assert "gave no answer within 2 s" in faults[0]
    assert [said.phase for said in gateway.observations("camera_offline")] == [Phase.START]
    assert len(gateway.of(Readings)) >= 10
    # a loop that waited for the camera would have stood still for its 2 s
    assert longest_s < 1.5


def test_replay_of_a_truncated_video_prints_what_was_found(tmp_path: Path) -> None:
    """The result says that it broke off, and the exit code too."""
    video = draw_video(tmp_path / "a.mp4", frames=100)
    data = video.read_bytes()
    video.write_bytes(data[: len(data) * 6 // 10])
    config = tmp_path / "edge.yaml"
    config.write_text(
        "box: {district: d-1, site: s-1, box: b-1}\ncameras:\n- id: c-1\n"
        "  source: {file: a.mp4}\n  detector: {kind: background}\n"
    )
    outcome = CliRunner().invoke(main, ["replay", str(video), "--config", str(config), "--json"])
    result = json.loads(outcome.stdout)

    assert outcome.exit_code == 1
    assert 20 < result["frames"]["read"] < 100
    assert "c-1" in result["fault"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["replay", "gone.mp4"], "gone.mp4"),
        (["replay", "text.mp4"], "text.mp4"),
        (["replay", "a.mp4", "--model", "text.mp4"], "not a usable ONNX file"),
        (["replay", "a.mp4", "--camera", "c-9"], "it has c-1"),
        (["replay", "a.mp4", "--detector", "onnx"], "name one with --model"),
        (["config", "--check"], "a.mp4 does not exist"),
        (["run"], "hub is missing"),
    ],
    ids=["missing", "no video", "no model", "no camera", "no onnx", "check", "no hub"],
)
def test_a_command_that_cannot_work_says_so_in_one_line(
    tmp_path: Path, arguments: list[str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 2, one line that names the object, no traceback."""
    monkeypatch.chdir(tmp_path)
    Path("text.mp4").write_text("not a video at all\n" * 20)
    Path("edge.yaml").write_text(
        "box: {district: d-1, site: s-1, box: b-1}\ncameras:\n- id: c-1\n"
        "  source: {file: a.mp4}\n  detector: {kind: background}\n"
    )
    outcome = CliRunner().invoke(main, arguments)

    assert outcome.exit_code == 2
    assert expected in outcome.output
    assert "Traceback" not in outcome.output


def test_the_configuration_may_be_named_before_the_command(tmp_path: Path) -> None:
    """``--config FILE config`` and ``config --config FILE`` are the same."""
    path = tmp_path / "box.yaml"
    path.write_text("box: {district: d-1, site: s-1, box: b-1}\n")
    outcomes = [
        CliRunner().invoke(main, arguments)
        for arguments in (["--config", str(path), "config"], ["config", "--config", str(path)])
    ]

    assert [outcome.exit_code for outcome in outcomes] == [0, 0]
    assert outcomes[0].output == outcomes[1].output


def test_a_status_stays_small_however_many_sensors(tmp_path: Path) -> None:
    """Ten thousand sensors do not make a birth that the hub would refuse."""
    config = box_config(
        "box: {district: d-1, site: s-1, box: b-1}\n"
        "sensors:\n- {driver: load, rate_hz: 10, subjects: 10000}\n"
    )
    box = InProcess(tmp_path, config=config)
    box.agent.start()
    box.run(1.0)
    sizes = [len(payload) for topic, payload in box.gateway.payloads if topic.endswith("status")]

    assert 0 < max(sizes) < 262_144


@pytest.mark.slow
def test_the_process_runs_without_a_hub_and_stops_in_order(tmp_path: Path) -> None:
    """Offline it stores what it measures; SIGTERM ends it with exit code 0, nothing is lost."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    config = tmp_path / "edge.yaml"
    config.write_text(
        "box: {district: d-1, site: s-1, box: b-1}\n"
        f"hub: {{client_id: b-1, port: {port}}}\n"
        "sensors:\n- {driver: load, rate_hz: 200}\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "edge", "--config", str(config)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        wal, deadline = tmp_path / "outbox.db-wal", time.monotonic() + 30.0
        while not (wal.exists() and wal.stat().st_size > 50_000):
            assert time.monotonic() < deadline, "nothing was stored within 30 s"
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=20.0)
    finally:
        process.kill()
    events = [json.loads(line)["event"] for line in output.splitlines()]

    assert process.returncode == 0
    assert {"agent_started", "agent_stopped"} <= set(events)
    assert (tmp_path / "outbox.db").exists()

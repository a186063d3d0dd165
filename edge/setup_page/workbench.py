"""What the installer works on: a camera's picture, a draft, and the file that comes of it."""

import hashlib
import os
from pathlib import Path
from threading import Lock
from typing import Any

import cv2
import msgspec
from msgspec import Struct

from edge.camera_config import CameraConfig, GroundPairConfig
from edge.cameras.address import device_url, redact
from edge.cameras.frame import Frame
from edge.config import EdgeConfig, check_edge_config, load_edge_config
from edge.doctor.camera_check import check_camera
from edge.doctor.hub_check import check_hub
from edge.doctor.model_check import check_model
from edge.errors import SetupRefused
from edge.setup_page.camera_splice import diff, render, with_camera
from edge.setup_page.draft import Draft, camera_data, new_document, pairs_data
from edge.setup_page.ground_fit import GroundFit, fit_ground
from edge.setup_page.source_address import TypedSource
from runtime.errors import ConfigError, RuntimeFault
from runtime.finding import Finding, Verdict
from runtime.private_file import write_private
from runtime.yaml_document import parse_document

__all__ = ["Picture", "Proposal", "Seen", "Workbench"]

_JPEG_QUALITY = 88
_ANYBODY = {"district": "unnamed", "site": "unnamed", "box": "unnamed"}


class Picture(Struct, frozen=True, kw_only=True):
    """The picture that is drawn on."""

    frame: Frame
    jpeg: bytes
    number: int
    """Which one it is; counts up with every new one."""


class Seen(Struct, frozen=True, kw_only=True):
    """One thing that the model sees in the picture."""

    label: str
    confidence: float
    box: tuple[float, float, float, float]
    """left, top, right, bottom as shares of the picture."""


class Proposal(Struct, frozen=True, kw_only=True):
    """The configuration that a draft stands for."""

    text: str = ""
    diff: str = ""
    """What changes in the file that is there; empty where there is none or nothing changes."""
    exists: bool = False
    base_sha256: str = ""
    """Hash of the file as it is now; the writer must have seen this one."""
    problem: str = ""
    """Why it cannot be written: the first thing that is wrong, with its place in the file."""


class Workbench:
    """The installer's work on one camera. Thread-safe.

    Args:
        path: the configuration to write.
        camera: id of the camera.
        source: where its frames come from.
        detector: its detector's section, as configured or proposed.
    """

    def __init__(
        self, path: Path, camera: str, source: TypedSource, detector: dict[str, Any]
    ) -> None:
        self.path = path
        self.camera = camera
        self.source = source
        self.detector = detector
        self._folder = path.resolve().parent
        self._picture: Picture | None = None
        self._lock = Lock()

    @property
    def section(self) -> dict[str, Any]:
        """The camera's ``source`` as the configuration will hold it."""
        return self.source.section(f"{self.camera}.password", self._folder)

    @property
    def picture(self) -> Picture | None:
        """The picture to draw on; None where the camera has given none."""
        return self._picture

    def existing(self) -> dict[str, Any]:
        """Return the data of the file that is there; empty where there is none.

        Raises:
            ConfigError: it is not valid, and has to be put right by hand first.
        """
        if not self.path.exists():
            return {}
        load_edge_config(self.path)
        data = parse_document(self.path.read_text("utf-8-sig"), str(self.path)).data
        return data if isinstance(data, dict) else {}

    def before(self) -> dict[str, Any]:
        """Return the camera as it is configured now; empty for a new one."""
        cameras = self.existing().get("cameras") or ()
        return next((dict(one) for one in cameras if one.get("id") == self.camera), {})

    def take_picture(self) -> Finding:
        """Look at the camera, keep its picture, and return how that went."""
        with self._lock:
            return self._looked()

    def _looked(self) -> Finding:
        section = self.section
        section.pop("password_file", None)
        config = msgspec.convert(
            {"id": self.camera, "source": section, "detector": {"kind": "background"}},
            CameraConfig,
        )
        finding, seen = check_camera(config, self._address())
        if seen is None:
            return finding
        encoded, buffer = cv2.imencode(
            ".jpg", seen.frame.bgr(), [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY]
        )
        if encoded:
            number = 1 if self._picture is None else self._picture.number + 1
            self._picture = Picture(frame=seen.frame, jpeg=buffer.tobytes(), number=number)
        return finding

    def _address(self) -> str | Path:
        # only here does the password meet the address
        from edge.bootstrap import credentialed  # noqa: PLC0415 - pulls in the whole box

        if self.source.wish is not None:
            return device_url(self.source.address, self.source.wish)
        if not self.source.live:
            return Path(self.source.address).resolve()
        return credentialed(self.source.address, self.source.username, self.source.password)

    def fit(self, draft: Draft) -> GroundFit:
        """Return what the draft's calibration points amount to."""
        if self._picture is None:
            return GroundFit(problem="there is no picture yet")
        try:
            pairs = msgspec.convert(pairs_data(draft.camera), list[GroundPairConfig])
        except (SetupRefused, msgspec.ValidationError) as error:
            return GroundFit(problem=str(error))
        frame = self._picture.frame
        return fit_ground(pairs, width=frame.width, height=frame.height)

    def propose(self, draft: Draft) -> Proposal:
        """Return the configuration that a draft stands for, and what is wrong with it."""
        text, base = "", ""
        try:
            raw = self.path.read_bytes() if self.path.exists() else None
            base = "" if raw is None else hashlib.sha256(raw).hexdigest()
            now = "" if raw is None else raw.decode("utf-8-sig")
            text = self._text(draft, now, exists=raw is not None)
            check_edge_config(parse_document(text, str(self.path)))
        except (ConfigError, SetupRefused) as error:
            return Proposal(
                text=text, problem=str(error), exists=self.path.exists(), base_sha256=base
            )
        changes = "" if raw is None else diff(now, text, self.path.name)
        return Proposal(text=text, diff=changes, exists=raw is not None, base_sha256=base)

    def _text(self, draft: Draft, now: str, *, exists: bool) -> str:
        if draft.camera.id != self.camera:
            raise SetupRefused(
                f"this page is about camera {self.camera!r}, not {draft.camera.id!r}"
            )
        camera = camera_data(draft.camera, self.section, self.before())
        if exists:
            return with_camera(now, camera, str(self.path))
        return render(new_document(draft, camera))

    def write(self, draft: Draft, *, replace: bool, base_sha256: str) -> Proposal:
        """Write the configuration, and the camera's password beside it; return what was written.

        Args:
            draft: the page's.
            replace: the installer has seen the changes and wants them.
            base_sha256: hash of the file that he saw the changes to.

        Raises:
            SetupRefused: the draft is wrong, a file is there and ``replace`` is not given, or it has
                changed since.
            OSError: it cannot be written.
        """
        with self._lock:
            proposal = self.propose(draft)
            if proposal.problem:
                raise SetupRefused(proposal.problem)
            if proposal.exists and not replace:
                raise SetupRefused(f"{self.path} exists; look at the changes and confirm them")
            if proposal.base_sha256 != base_sha256:
                raise SetupRefused(f"{self.path} has changed meanwhile; look at the changes again")
            if self.source.password is not None:
                write_private(self._folder / f"{self.camera}.password", self.source.password + "\n")
            _write_whole(self.path, proposal.text)
        return proposal

    def test_camera(self, draft: Draft) -> Finding:  # noqa: ARG002 - tests are called alike
        """Look at the camera again."""
        return self.take_picture()

    def test_model(self, draft: Draft) -> tuple[Finding, tuple[Seen, ...]]:
        """Let the model look at the picture."""
        try:
            config = self._judged(draft)
        except (ConfigError, SetupRefused) as error:
            return self._unjudged("model", error), ()
        camera = next(one for one in config.cameras if one.id == self.camera)
        picture = self._picture
        finding, found = check_model(
            camera, self._folder, None if picture is None else picture.frame
        )
        if found is None or picture is None:
            return finding, ()
        scale = (picture.frame.width, picture.frame.height) * 2
        seen = tuple(
            Seen(
                label=found.class_names[int(found.class_id[number])],
                confidence=round(float(found.confidence[number]), 2),
                box=_shares(found.xyxy[number].tolist(), scale),
            )
            for number in range(len(found))
            # weaker ones only keep a track alive that is there already
            if found.confidence[number] >= getattr(camera.detector, "confidence", 0.0)
        )
        return finding, seen

    def test_hub(self, draft: Draft) -> Finding:
        """Log in at the hub."""
        from edge.bootstrap import anchored_hub  # noqa: PLC0415 - pulls in the whole box

        try:
            config = self._judged(draft)
        except (ConfigError, SetupRefused) as error:
            return self._unjudged("hub", error)
        if config.hub is None:
            return Finding(
                check="hub",
                verdict=Verdict.SKIP,
                detail="no hub is configured",
                advice="enrol the box (cityloop edge enrol), or fill in the hub above",
            )
        try:
            return check_hub(anchored_hub(config.hub, self._folder))
        except RuntimeFault as error:
            return self._unjudged("hub", error)

    def _judged(self, draft: Draft) -> EdgeConfig:
        # whether model and hub work does not hang on what the box will be called
        named = msgspec.structs.replace(draft, box=_ANYBODY | draft.box)
        text = self.propose(named)
        if text.problem:
            raise SetupRefused(text.problem)
        return check_edge_config(parse_document(text.text, str(self.path)))

    def _unjudged(self, check: str, error: Exception) -> Finding:
        advice = "put the configuration right first"
        return Finding(check=check, verdict=Verdict.SKIP, detail=redact(str(error)), advice=advice)


def _shares(
    xyxy: list[float], scale: tuple[int, int, int, int]
) -> tuple[float, float, float, float]:
    left, top, right, bottom = (round(v / s, 4) for v, s in zip(xyxy, scale, strict=True))
    return left, top, right, bottom


def _write_whole(path: Path, text: str) -> None:
    """Write a file, all of it or none, with the permissions of the one that was there."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with draft.open("w", encoding="utf-8") as file:
        if path.exists():
            os.fchmod(file.fileno(), path.stat().st_mode & 0o777)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)

"""Published models: bundles in a folder, their rows in the database, and the rollouts over them."""

import os
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, Row, func, insert, select, update

from cloud_api.database import Lane, Store
from cloud_api.errors import EvidenceFull, InvalidInput, ModelConflict, NotFound
from cloud_api.instants import to_us
from cloud_api.model_registry.bundle_upload import BundleUpload
from cloud_api.model_registry.rollout import Rollout, VersionRef, wish_for
from cloud_api.model_registry.tables import model_bundles, model_rollouts
from contracts.registry import BoxEntry
from runtime.bundles.bundle_file import Bundle, read_bundle
from runtime.bundles.errors import BundleError
from runtime.bundles.manifest import Manifest, decode_manifest
from runtime.bundles.trust import load_trust

__all__ = ["ModelRegistry", "Published", "RolloutMade", "Stage"]


class Stage(StrEnum):
    """How far a version has come."""

    PUBLISHED = "published"
    """It may run in the shadow."""
    RELEASED = "released"
    """It may count."""
    WITHDRAWN = "withdrawn"
    """It may run nowhere any more."""


class Published(Struct, frozen=True, kw_only=True):
    """One version of a model."""

    model: str
    version: str
    counter: int
    sha256: str
    size_bytes: int
    stage: Stage
    published_at_us: int
    published_by: str
    signers: tuple[str, ...]
    manifest: Manifest

    @property
    def ref(self) -> VersionRef:
        """What boxes are told of it."""
        return VersionRef(version=self.version, sha256=self.sha256, size_bytes=self.size_bytes)


class RolloutMade(Struct, frozen=True, kw_only=True):
    """One rollout in the history of a model."""

    number: int
    made_at_us: int
    made_by: str
    reason: str
    rollout: Rollout


class ModelRegistry:
    """What was published and what is rolled out.

    Args:
        store: the database.
        folder: where bundles lie, ``{sha256}.clmodel``.
        trust: book of the keys that may sign what is published; None takes every signature, since
            boxes look at it themselves.
        most_bytes: largest bundle.
        budget_bytes: all bundles together.
    """

    def __init__(
        self,
        store: Store,
        folder: Path,
        *,
        trust: Path | None,
        most_bytes: int,
        budget_bytes: int,
    ) -> None:
        self._store = store
        self._folder = folder
        self._trust = trust
        self._most_bytes = most_bytes
        self._budget_bytes = budget_bytes

    def begin(self) -> BundleUpload:
        """Return an upload to write the bytes to; see :class:`BundleUpload`."""
        incoming = self._folder / "incoming"
        incoming.mkdir(parents=True, exist_ok=True)
        return BundleUpload(incoming, self._most_bytes)

    def publish(
        self, upload: BundleUpload, model: str, version: str, *, now: datetime, by: str
    ) -> tuple[Published, bool]:
        """Keep an uploaded bundle; return it, and whether it is new.

        Raises:
            InvalidInput: it is no sound bundle of this model and version, or nobody who is trusted
                has signed it.
            ModelConflict: the version exists with other bytes, or its counter is too low.
            EvidenceFull: there is no room.
        """
        sha256 = upload.finish()
        bundle = self._sound(upload.path, model, version)
        size = upload.path.stat().st_size
        with self._store.write(Lane.MODELS) as connection:
            known = _find(connection, model, version)
            if known is not None:
                if known.sha256 == sha256:
                    return _published(known), False
                raise ModelConflict(
                    f"model {model} {version} exists with other bytes; a published version never "
                    "changes: give it another version"
                )
            self._check_room(connection, model, bundle.manifest, size)
            target = self.path(sha256)
            upload.path.replace(target)
            _sync_folder(target.parent)
            connection.execute(
                insert(model_bundles).values(
                    model=model,
                    version=version,
                    counter=bundle.manifest.counter,
                    sha256=sha256,
                    size_bytes=size,
                    stage=Stage.PUBLISHED.value,
                    published_at_us=to_us(now),
                    published_by=by,
                    signers=",".join(one.key for one in bundle.signatures),
                    manifest=bundle.signed,
                )
            )
            row = _find(connection, model, version)
        assert row is not None
        return _published(row), True

    def path(self, sha256: str) -> Path:
        """Return where a bundle lies."""
        return self._folder / f"{sha256}.clmodel"

    def get(self, model: str, version: str) -> Published:
        """Return a version.

        Raises:
            NotFound: it was not published.
        """
        with self._store.read() as connection:
            row = _find(connection, model, version)
        if row is None:
            raise NotFound(f"model {model} {version} is not published; see GET /v1/models")
        return _published(row)

    def list(self, model: str | None = None) -> list[Published]:
        """Return all versions, of one model only where one is named; highest counter first."""
        query = select(model_bundles).order_by(
            model_bundles.c.model, model_bundles.c.counter.desc()
        )
        if model is not None:
            query = query.where(model_bundles.c.model == model)
        with self._store.read() as connection:
            return [_published(row) for row in connection.execute(query)]

    def promote(self, model: str, version: str, stage: Stage) -> Published:
        """Move a version to another stage.

        Raises:
            NotFound: it was not published.
            ModelConflict: it was withdrawn, which is for good, or a rollout still names it.
        """
        found = self.get(model, version)
        if found.stage is Stage.WITHDRAWN and stage is not Stage.WITHDRAWN:
            raise ModelConflict(f"model {model} {version} was withdrawn; publish a new version")
        rules = self.rollout(model).rules
        named = [rule for rule in rules if rule.version == version]
        counts = [rule for rule in named if rule.shadow_share is None]
        if (stage is Stage.WITHDRAWN and named) or (stage is Stage.PUBLISHED and counts):
            raise ModelConflict(
                f"model {model} {version} is named by the rollout; roll out another version first"
            )
        with self._store.write(Lane.MODELS) as connection:
            connection.execute(
                update(model_bundles)
                .where(model_bundles.c.model == model, model_bundles.c.version == version)
                .values(stage=stage.value)
            )
        return self.get(model, version)

    def roll_out(
        self, model: str, rollout: Rollout, now: datetime, *, by: str, reason: str
    ) -> RolloutMade:
        """Make these the rules of a model; return them with their number.

        Raises:
            NotFound: nothing of the model is published.
            InvalidInput: a rule names a version that is not published, or not far enough.
        """
        stages = {found.version: found.stage for found in self.list(model)}
        if not stages:
            raise NotFound(f"model {model} is not published; see GET /v1/models")
        for number, rule in enumerate(rollout.rules):
            allowed = (
                {Stage.RELEASED} if rule.shadow_share is None else set(Stage) - {Stage.WITHDRAWN}
            )
            stage = stages.get(rule.version)
            if stage not in allowed:
                said = "not published" if stage is None else stage.value
                raise InvalidInput(
                    f"rules[{number}].version: {rule.version} is {said}; expected one that is "
                    f"{' or '.join(sorted(allowed))}; see POST /v1/models/{model}/versions/VERSION/stage"
                )
        with self._store.write(Lane.MODELS) as connection:
            latest = connection.scalar(
                select(func.max(model_rollouts.c.number)).where(model_rollouts.c.model == model)
            )
            made = RolloutMade(
                number=int(latest or 0) + 1,
                made_at_us=to_us(now),
                made_by=by,
                reason=reason,
                rollout=rollout,
            )
            connection.execute(
                insert(model_rollouts).values(
                    model=model,
                    number=made.number,
                    made_at_us=made.made_at_us,
                    made_by=by,
                    reason=reason,
                    body=msgspec.json.encode(rollout),
                )
            )
        return made

    def rollout(self, model: str) -> Rollout:
        """Return the rules of a model; none where none were made."""
        made = self.rollouts(model, limit=1)
        return made[0].rollout if made else Rollout()

    def rollouts(self, model: str, *, limit: int) -> Sequence[RolloutMade]:
        """Return the rollouts of a model, newest first."""
        query = (
            select(model_rollouts)
            .where(model_rollouts.c.model == model)
            .order_by(model_rollouts.c.number.desc())
            .limit(limit)
        )
        with self._store.read() as connection:
            return [
                RolloutMade(
                    number=row.number,
                    made_at_us=row.made_at_us,
                    made_by=row.made_by,
                    reason=row.reason,
                    rollout=msgspec.json.decode(row.body, type=Rollout),
                )
                for row in connection.execute(query)
            ]

    def wishes(self, boxes: Iterable[BoxEntry]) -> dict[str, dict[str, Any]]:
        """Return what each of these boxes should be told of models, by box and model."""
        versions: dict[str, dict[str, VersionRef]] = {}
        for found in self.list():
            if found.stage is not Stage.WITHDRAWN:
                versions.setdefault(found.model, {})[found.version] = found.ref
        rollouts = {model: self.rollout(model) for model in versions}
        wishes: dict[str, dict[str, Any]] = {}
        for box in boxes:
            mine = {
                model: wish
                for model, rollout in rollouts.items()
                if (wish := wish_for(model, rollout, box, versions[model]))
            }
            wishes[box.box] = mine
        return wishes

    def _sound(self, path: Path, model: str, version: str) -> Bundle:
        try:
            bundle = read_bundle(path, most_bytes=self._most_bytes)
            if self._trust is not None:
                bundle.verify(load_trust(self._trust))
            bundle.network()
            bundle.golden_picture()
        except BundleError as error:
            said = str(error).replace(path.name, f"{model} {version}")
            raise InvalidInput(f"body: {said}") from error
        manifest = bundle.manifest
        if (manifest.id, manifest.version) != (model, version):
            raise InvalidInput(
                f"body: a bundle of {manifest.id} {manifest.version}; the path says {model} {version}"
            )
        return bundle

    def _check_room(
        self, connection: Connection, model: str, manifest: Manifest, size: int
    ) -> None:
        highest = connection.scalar(
            select(func.max(model_bundles.c.counter)).where(model_bundles.c.model == model)
        )
        if highest is not None and manifest.counter <= highest:
            raise ModelConflict(
                f"model {model}: counter {manifest.counter} is not above {highest}, which is published; "
                "boxes would refuse it: pack it with a higher counter"
            )
        used = int(connection.scalar(select(func.sum(model_bundles.c.size_bytes))) or 0)
        if used + size > self._budget_bytes:
            raise EvidenceFull(
                f"models: {used} of {self._budget_bytes} bytes are used and this one has {size}; raise "
                "models_budget_bytes"
            )


def _find(connection: Connection, model: str, version: str) -> Row[Any] | None:
    return connection.execute(
        select(model_bundles).where(
            model_bundles.c.model == model, model_bundles.c.version == version
        )
    ).one_or_none()


def _published(row: Row[Any]) -> Published:
    return Published(
        model=row.model,
        version=row.version,
        counter=row.counter,
        sha256=row.sha256,
        size_bytes=row.size_bytes,
        stage=Stage(row.stage),
        published_at_us=row.published_at_us,
        published_by=row.published_by,
        signers=tuple(name for name in row.signers.split(",") if name),
        manifest=decode_manifest(row.manifest),
    )


def _sync_folder(folder: Path) -> None:
    """Make a rename durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

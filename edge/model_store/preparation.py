"""From a wish to a network that may be loaded: fetched, verified, admitted, tried; in the background."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from edge.errors import FetchFailed
from edge.model_store.admission import check_fit
from edge.model_store.config import BundleRef, ModelStoreConfig
from edge.model_store.fetcher import Fetcher
from edge.model_store.shelf import Held, Shelf
from edge.model_store.trial import Trial, TrialOrder
from runtime.bundles.bundle_file import Bundle
from runtime.bundles.errors import BundleOversized
from runtime.bundles.manifest import Manifest
from runtime.bundles.trust import TrustBook, load_trust

__all__ = ["Preparation", "Prepared"]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A verified and tried network.

    Attributes:
        held: the bundle on the shelf.
        manifest: what it says.
        network: where its ONNX file lies.
    """

    held: Held
    manifest: Manifest
    network: Path


class Preparation:
    """What has to be true before a network is loaded beside the one that runs.

    Args:
        config: how the box takes models.
        shelf: where they lie.
        book: path of the book of trusted keys.
        fetcher: gets them; None where the box knows no API.
        agent_version: of this cityloop.
        trial: tries a network, in a process of its own or here.
    """

    def __init__(
        self,
        config: ModelStoreConfig,
        shelf: Shelf,
        book: Path,
        fetcher: Fetcher | None,
        agent_version: str,
        trial: Trial,
    ) -> None:
        self._trial = trial
        self._config = config
        self._shelf = shelf
        self._book = book
        self._fetcher = fetcher
        self._agent_version = agent_version

    def trust(self) -> TrustBook:
        """Return the keys that are trusted now.

        Raises:
            KeyFault: the book cannot be read.
        """
        return load_trust(self._book)

    def prepare(
        self,
        model: str,
        ref: BundleRef,
        *,
        floor: int,
        needed: Collection[str],
        runtimes: Iterable[tuple[str, int]],
    ) -> Prepared:
        """Return a network that may be loaded.

        Args:
            model: id of the model.
            ref: which bundle.
            floor: highest counter that this box has confirmed.
            needed: classes that cameras name.
            runtimes: runtime and threads that it will run with, each tried.

        Raises:
            FetchFailed: it could not be fetched; trying again may help.
            BundleError: it must not run here.
        """
        if ref.size_bytes > self._config.most_bytes:
            msg = (
                f"the bundle has {ref.size_bytes} bytes, this box takes {self._config.most_bytes} at "
                "most; see model_store.most_bytes"
            )
            raise BundleOversized(msg)
        path = self._shelf.bundle_path(ref.sha256)
        if not path.exists():
            if self._fetcher is None:
                raise FetchFailed("this box knows no API to fetch models from; set api.url")
            self._fetcher.fetch(model, ref, lambda _bytes: None)
        bundle = self._shelf.take(ref.sha256, self.trust())
        check_fit(
            bundle.manifest,
            model,
            ref,
            floor=floor,
            agent_version=self._agent_version,
            needed=needed,
        )
        prepared = self.unpacked(ref.sha256, bundle)
        for runtime, threads in sorted(set(runtimes)):
            self._try(bundle, prepared.network, runtime, threads)
        return prepared

    def held(self, held: Held) -> Prepared:
        """Return a network that ran here before, verified again.

        Raises:
            BundleError: it is damaged, or its key is not trusted any more.
        """
        return self.unpacked(held.sha256, self._shelf.take(held.sha256, self.trust()))

    def unpacked(self, sha256: str, bundle: Bundle) -> Prepared:
        """Return the network of a verified bundle, unpacked.

        Raises:
            BundleBroken: it is damaged, or cannot be written.
        """
        manifest = bundle.manifest
        held = Held(sha256=sha256, version=manifest.version, counter=manifest.counter)
        return Prepared(held, manifest, self._shelf.unpack(sha256, bundle))

    def _try(self, bundle: Bundle, network: Path, runtime: str, threads: int) -> None:
        manifest = bundle.manifest
        order = TrialOrder(
            network=str(network),
            picture=bundle.golden_picture(),
            golden=manifest.golden,
            layout=manifest.layout,
            labels=manifest.labels,
            input_px=manifest.input_px,
            runtime=runtime,
            threads=threads,
            low_confidence=manifest.thresholds.low_confidence,
            confidence=manifest.thresholds.confidence,
            nms_iou=manifest.thresholds.nms_iou,
        )
        self._trial(order, timeout_s=self._config.trial_s)

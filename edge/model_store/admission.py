"""May this box run this bundle? What the manifest says against what the box is."""

from collections.abc import Collection

from edge.model_store.config import BundleRef
from edge.vision.output_layouts import Layout
from runtime.bundles.errors import BundleUnfit
from runtime.bundles.manifest import Manifest, version_key

__all__ = ["check_fit"]


def check_fit(
    manifest: Manifest,
    model: str,
    ref: BundleRef,
    *,
    floor: int,
    agent_version: str,
    needed: Collection[str],
) -> None:
    """Check what signatures do not say.

    Args:
        manifest: of a verified bundle.
        model: id of the model that was asked for.
        ref: the version that was asked for.
        floor: highest counter that this box has confirmed.
        agent_version: of this cityloop.
        needed: classes that cameras name.

    Raises:
        BundleUnfit: another model or version, older than what was confirmed, made for a newer
            agent, of an unknown layout, or without a class that a camera names.
    """
    if (manifest.id, manifest.version) != (model, ref.version):
        msg = (
            f"the bundle holds {manifest.id} {manifest.version}, but {model} {ref.version} was asked "
            "for; look at the registry"
        )
        raise BundleUnfit(msg)
    if manifest.counter <= floor:
        msg = (
            f"it is older than what has run here: counter {manifest.counter}, expected more than "
            f"{floor}; to go back on purpose, pack it again with a higher counter"
        )
        raise BundleUnfit(msg)
    if version_key(manifest.minimum_agent) > version_key(agent_version):
        msg = (
            f"it needs cityloop {manifest.minimum_agent} or newer, this box has {agent_version}; "
            "update the box first"
        )
        raise BundleUnfit(msg)
    known = [layout.value for layout in Layout]
    if manifest.layout not in known:
        msg = f"its layout {manifest.layout!r} is unknown here; known are {', '.join(known)}"
        raise BundleUnfit(msg)
    lacking = sorted(set(needed) - set(manifest.labels))
    if lacking:
        msg = (
            f"it has no class {', '.join(lacking)}, which cameras of this box name; it has "
            f"{', '.join(manifest.labels)}"
        )
        raise BundleUnfit(msg)

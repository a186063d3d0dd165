"""Which box should run which version: rules over boxes, districts, sites and a share of them all."""

import hashlib
from collections.abc import Mapping
from typing import Annotated, Any

from msgspec import Meta, Struct

from contracts.envelope import Id
from contracts.registry import BoxEntry
from runtime.bundles.manifest import VERSION_PATTERN

__all__ = ["MODELS", "Rollout", "Rule", "VersionRef", "place_of", "wish_for", "with_models"]

MODELS = "models"
"""Section of a desired configuration: model to what is wished of it."""


class VersionRef(Struct, frozen=True, kw_only=True):
    """A published version, as boxes are told of it."""

    version: str
    sha256: str
    size_bytes: int


class Rule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A version for the boxes that all of its conditions fit; an empty one fits all."""

    version: Annotated[str, Meta(pattern=VERSION_PATTERN)]
    boxes: tuple[Id, ...] = ()
    districts: tuple[Id, ...] = ()
    sites: tuple[Id, ...] = ()
    percent: Annotated[float, Meta(gt=0.0, le=100.0)] = 100.0
    """Share of the boxes that fit, chosen by a hash of model and box: who is in at 10 is in at 20."""
    shadow_share: Annotated[float, Meta(gt=0.0, le=1.0)] | None = None
    """With a number, the version runs in the shadow on that share of the frames."""

    def fits(self, model: str, box: BoxEntry) -> bool:
        """Return whether the version is for a box."""
        return (
            (not self.boxes or box.box in self.boxes)
            and (not self.districts or box.district in self.districts)
            and (not self.sites or box.site in self.sites)
            and place_of(model, box.box) < self.percent
        )


class Rollout(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The rules of one model; the first that fits a box decides, for what counts and for the shadow."""

    rules: Annotated[tuple[Rule, ...], Meta(max_length=200)] = ()


def place_of(model: str, box: str) -> float:
    """Return where a box stands in the order in which it gets versions of a model: 0 to below 100."""
    digest = hashlib.sha256(f"{model}/{box}".encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48 * 100.0


def wish_for(
    model: str, rollout: Rollout, box: BoxEntry, versions: Mapping[str, VersionRef]
) -> dict[str, Any]:
    """Return what a box should be told of a model; empty where no rule fits.

    Args:
        model: its id.
        rollout: its rules.
        box: for whom.
        versions: the published versions.
    """
    wish: dict[str, Any] = {}
    for rule in rollout.rules:
        kind = "active" if rule.shadow_share is None else "candidate"
        ref = versions.get(rule.version)
        if kind in wish or ref is None or not rule.fits(model, box):
            continue
        wish[kind] = {
            "version": ref.version,
            "sha256": ref.sha256,
            "size_bytes": ref.size_bytes,
        }
        if rule.shadow_share is not None:
            wish[kind]["share"] = rule.shadow_share
    return wish


def with_models(config: dict[str, Any], wishes: Mapping[str, Any]) -> dict[str, Any]:
    """Return a configuration with what the rollouts wish for in it, and nothing else of models."""
    rest = {name: value for name, value in config.items() if name != MODELS}
    return rest | {MODELS: dict(wishes)} if wishes else rest

"""``cityloop models``: a detector's life, each command loaded only when it is called.

A command lives in the ``commands.py`` of its package and is added by one line below: the word that
users type, the module, a sentence, the extra that brings its libraries, the name in the module.
What is heavy (torch, onnxruntime, matplotlib) is imported inside the command, so that help is quick.
"""

from runtime.lazy_group import LazyCommand, LazyGroup

__all__ = ["main"]

_CATALOGUE = "models.catalogue.commands"
_BUNDLES = "models.bundles.commands"
_REGISTRY = "models.bundles.registry_commands"
_JUDGING = "models.judging.commands"
_SHRINKING = "models.shrinking.commands"
_DATASETS = "models.datasets.commands"
_LEARNING = "models.learning.commands"
_TRAINING = "models.training.commands"

_COMMANDS = {
    "list": LazyCommand(
        _CATALOGUE, "List the detectors that can be had, with licences.", "edge", "list_models"
    ),
    "info": LazyCommand(
        _CATALOGUE, "Tell all about a detector: input, labels, layout, licence.", "edge", "info"
    ),
    "pull": LazyCommand(
        _CATALOGUE, "Fetch a detector; resumed and verified by hash.", "edge", "pull"
    ),
    "dataset": LazyCommand(
        _DATASETS, "Import, draw, check, split and count pictures with boxes.", "sim", "dataset"
    ),
    "train": LazyCommand(_TRAINING, "Train a detector and export it as ONNX.", "edge", "train"),
    "blend": LazyCommand(
        "models.training.blend_command", "Make the network between two.", "edge", "blend"
    ),
    "review": LazyCommand(
        _LEARNING, "Look at what was hard, and make the next data set of it.", "all", "review"
    ),
    "retrain": LazyCommand(
        "models.learning.retrain_command", "Run the whole turn on the simulator.", "all", "retrain"
    ),
    "publish": LazyCommand(_REGISTRY, "Upload a bundle to the registry.", "edge", "publish"),
    "promote": LazyCommand(_REGISTRY, "Release a version, or withdraw it.", "edge", "promote"),
    "rollout": LazyCommand(_REGISTRY, "Say which boxes run which version.", "edge", "rollout"),
    "status": LazyCommand(_REGISTRY, "Show how far the boxes have come.", "edge", "status"),
    "keygen": LazyCommand(_BUNDLES, "Make a key that signs models.", "edge", "keygen"),
    "trust": LazyCommand(_BUNDLES, "Trust somebody's key.", "edge", "trust"),
    "revoke": LazyCommand(_BUNDLES, "Trust a key no longer.", "edge", "revoke"),
    "pack": LazyCommand(_BUNDLES, "Pack and sign a model for boxes.", "edge", "pack"),
    "verify": LazyCommand(_BUNDLES, "Check a bundle as a box does.", "edge", "verify"),
    "evaluate": LazyCommand(_JUDGING, "Judge a detector on labelled pictures.", "edge", "evaluate"),
    "compare": LazyCommand(_JUDGING, "Judge a candidate against the incumbent.", "edge", "compare"),
    "shrink": LazyCommand(
        _SHRINKING, "Make smaller and faster variants that see the same.", "shrink", "shrink"
    ),
}

main = LazyGroup(
    _COMMANDS,
    name="models",
    help="""A detector's life: fetch, label, train, judge, shrink, sign, ship, watch.

    \b
    Examples:
      cityloop models pull yolox-nano
      cityloop models dataset draw street --count 5000
      cityloop models dataset split street
      cityloop models train --data street --epochs 9
      cityloop models evaluate model.onnx --data street-test --out report
      cityloop models pack model.onnx --id mine --version 1.0.0 --counter 1 \\
          --licence Apache-2.0 --golden crossing.png --key model-signing.key
    """,
)


if __name__ == "__main__":
    main(prog_name="python -m models")

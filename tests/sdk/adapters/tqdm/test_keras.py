"""The callback of keras, which is too large to be installed for a test: a module stands for it."""

import sys
import types

import pytest

import headway


class Callback:
    """As much of `keras.callbacks.Callback` as tqdm uses: what the training sets."""

    def set_params(self, params):
        self.params = params


@pytest.fixture
def callback(monkeypatch):
    keras = types.ModuleType("keras")
    keras.callbacks = types.SimpleNamespace(Callback=Callback)
    monkeypatch.setitem(sys.modules, "keras", keras)
    for name in ("tqdm.keras", "headway.adapters.tqdm.keras"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    from headway.adapters.tqdm.keras import TqdmCallback

    return TqdmCallback


def train(callback, epochs, steps):
    """As keras calls it back."""
    callback.set_params({"epochs": epochs, "steps": steps})
    callback.on_train_begin()
    for epoch in range(epochs):
        callback.on_epoch_begin(epoch)
        for _ in range(steps):
            callback.on_batch_end(None, {"loss": 0.5, "size": 1})
        callback.on_epoch_end(epoch, {"loss": 0.25})
    callback.on_train_end()


def test_epochs_and_batches_are_stages(reporter, callback):
    with headway.operation("Train") as op:
        train(callback(), epochs=2, steps=3)
    epochs, batches = op.stages
    assert (epochs.model.unit, epochs.state, epochs.done, epochs.total) == (
        "epoch",
        "completed",
        2,
        2,
    )
    assert (batches.model.unit, batches.state, batches.done, batches.total) == (
        "batch",
        "completed",
        3,
        3,
    )
    assert epochs.model.detail == "loss=0.25"
    assert epochs.name != batches.name

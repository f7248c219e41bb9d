"""Language models of *The Time Machine*, as *Dive into Deep Learning* and other lecture notes train them, and as we do.

>>> settings = SETTINGS["time machine, windows"]
>>> settings.num_hiddens, settings.trainer["lr"], settings.data["sampling"]
(32, 4.0, 'windows')
"""

from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Settings:
    """One training run: `LanguageModelData(**data)`, `num_layers` of `num_hiddens` units each, `Trainer(**trainer)`.

    `cell` is "RNN", "GRU" or "LSTM"; if it is `bidirectional`, each layer has that many units in each direction.
    `model` holds options of `RNNLM`, such as its `embed_size`.
    """

    data: dict
    num_hiddens: int
    trainer: dict
    cell: str = "RNN"
    num_layers: int = 1
    bidirectional: bool = False
    model: dict = field(default_factory=dict)


SETTINGS = {
    # Dive into Deep Learning, first edition: characters, the first 10,000; here the 1,000 after them are held out.
    "time machine, 10,000 letters": Settings(
        data={
            "corpus": "time_machine",
            "batch_size": 32,
            "num_steps": 35,
            "sampling": "random",
            "max_tokens": 11_000,
            "heldout": 1_000,
        },
        num_hiddens=256,
        trainer={"max_epochs": 500, "lr": 1.0, "optimizer": "sgd", "clip_norm": 1.0},
    ),
    # Dive into Deep Learning, second edition: 10,000 overlapping windows to train on, 5,000 held out; here the two
    # share no letter.
    "time machine, windows": Settings(
        data={
            "corpus": "time_machine",
            "batch_size": 1024,
            "num_steps": 32,
            "sampling": "windows",
            "max_tokens": 15_064,
            "heldout": 5_032,
        },
        num_hiddens=32,
        trainer={"max_epochs": 60, "lr": 4.0, "optimizer": "sgd", "clip_norm": 1.0},
    ),
}
"""The runs by their names."""

_letters, _windows = SETTINGS["time machine, 10,000 letters"], SETTINGS["time machine, windows"]
_deep = replace(_letters, cell="LSTM", num_layers=2)
SETTINGS |= {
    "time machine, deep LSTM": _deep,
    # Its low perplexity is worth nothing: a language model in both directions sees the token it is to predict.
    "time machine, bidirectional LSTM": replace(_deep, bidirectional=True),
    "time machine, windows, deep GRU": replace(
        _windows, cell="GRU", num_layers=2, trainer=_windows.trainer | {"lr": 2.0}
    ),
    # The same split, trained as chapter 04 trains: small batches, an embedding, dropout, three epochs.
    "time machine, windows, ours": Settings(
        data=_windows.data | {"batch_size": 128},
        num_hiddens=128,
        trainer={"max_epochs": 3, "lr": 0.01, "optimizer": "adamw", "clip_norm": 1.0, "decay": True},
        cell="LSTM",
        model={"embed_size": 32, "dropout": 0.3, "token_dropout": 0.1},
    ),
}

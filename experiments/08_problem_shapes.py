"""What the chapter's networks owe to how they are trained, three seeds each.

Readers of rows: "asked at the end" or "asked after each row".

Captioners: "trained" has eyes that have named digits before, and its decoder is told the context at each step; of the
others each differs in one thing. "fresh": the eyes are new; "frozen": they are left as they are; "once": the decoder
reads the context once, before the first word (Show and Tell).

The networks are those of the chapter: its own cells define them.
"""

import importlib
import re
from functools import cache
from itertools import product
from pathlib import Path

import nbformat
import numpy as np

from course_utils import experiments, repro

CHAPTER = Path(__file__).parents[1] / "chapters" / "08_problem_shapes.ipynb"
CELLS = ["imports", "memory-share", "digits-code", "changed", "wander", "rows-code", "scores-code"]
OF_A_FRAMEWORK = ["imports", "eyes", "rows", "captioner", "search"]
EPOCHS, SCENES = 2, 10_000

VARIANTS = {
    "rows": ("asked at the end", "asked after each row"),
    "captions": ("trained", "fresh", "frozen", "once"),
}
SETTINGS = [
    {"study": study, "framework": framework, "seed": seed, "variant": variant}
    for framework, seed, study in product(("torch", "tensorflow"), range(3), VARIANTS)
    for variant in VARIANTS[study]
]


@cache
def chapter(framework):
    """What the chapter's cells define."""
    wanted = {*CELLS, *(f"{name}-{framework}" for name in OF_A_FRAMEWORK)}
    names = {}
    for cell in nbformat.read(CHAPTER, as_version=4).cells:
        if re.sub(r"-\d$", "", cell.id) in wanted:  # eyes-torch-2 goes on where eyes-torch ends
            exec(cell.source, names)
    return names, {"torch": "Torch", "tensorflow": "TensorFlow"}[framework]


@cache
def trained_eyes(framework, seed):
    """The weights of eyes that have named digits, float32 arrays."""
    course, (names, suffix) = importlib.import_module(f"course_utils.{framework}"), chapter(framework)
    repro.seed_everything(seed)
    namer = names[f"Namer{suffix}"]()
    course.Trainer(max_epochs=40, lr=0.005, decay=True).fit(namer, names["wandering"](seed))
    eyes = namer.eyes
    return eyes.state_dict() if framework == "torch" else eyes.get_weights()


def eyes_of(framework, seed, variant):
    names, suffix = chapter(framework)
    eyes = names[f"Eyes{suffix}"]()
    if framework == "tensorflow":
        eyes(np.zeros((1, 8, 8), "float32"))  # makes the weights
    if variant != "fresh":
        (eyes.load_state_dict if framework == "torch" else eyes.set_weights)(trained_eyes(framework, seed))
    if variant == "frozen" and framework == "torch":
        eyes.requires_grad_(False)
    elif variant == "frozen":
        eyes.trainable = False
    return eyes


def read_rows(framework, seed, variant):
    course, (names, suffix) = importlib.import_module(f"course_utils.{framework}"), chapter(framework)
    repro.seed_everything(seed)
    reader = names[f"Reader{suffix}"]()
    batches = names["asked"](names["READERS"][variant])
    course.Trainer(max_epochs=15, lr=0.005, decay=True).fit(reader, batches)
    X, Y = names["X_heldout"], names["Y_heldout"]
    logits = reader(importlib.import_module("torch").as_tensor(X) if framework == "torch" else X)[0]
    logits = logits.detach().numpy() if framework == "torch" else logits.numpy()  # (n, T, 10)
    right = (logits.argmax(axis=-1) == Y[:, None]).mean(axis=0)  # (T,)
    return {f"row {t}": float(right[t - 1]) for t in (4, 6, 7, 8)}


def describe_scenes(framework, seed, variant):
    course, (names, suffix) = importlib.import_module(f"course_utils.{framework}"), chapter(framework)
    data = names["SceneData"](batch_size=32, num_train=SCENES)
    eyes = eyes_of(framework, seed, variant)
    repro.seed_everything(seed)
    encoder = names[f"SceneEncoder{suffix}"](eyes, 128)
    model = names[f"Captioner{suffix}"](encoder, 128, len(data.vocab), once=variant == "once")
    history = course.Trainer(max_epochs=EPOCHS, lr=0.003, decay=True).fit(model, data)
    exact = names["score"](names[f"write_{framework}"], model, data)
    return {
        "new": float(exact["new combinations"]),
        "seen": float(exact["seen combinations"]),
        "training loss": history.train_loss[-1],
    }


def run(study, framework, seed, variant):
    return (read_rows if study == "rows" else describe_scenes)(framework, seed, variant)


if __name__ == "__main__":
    experiments.main(__file__, SETTINGS, run)

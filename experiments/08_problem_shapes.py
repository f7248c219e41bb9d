"""What eyes that can name digits are worth to a network that describes scenes.

"trained": the eyes have named digits before; "fresh": they have not; "frozen": trained before, and left as they are.
The networks are those of the chapter: its own cells define them.
"""

import importlib
import re
from itertools import product
from pathlib import Path

import nbformat

from course_utils import experiments, repro

CHAPTER = Path(__file__).parents[1] / "chapters" / "08_problem_shapes.ipynb"
CELLS = ["imports", "digits-code", "namer-code", "scores-code"]  # for both; then those of one framework
OF_A_FRAMEWORK = ["imports", "eyes", "captioner", "search"]
PASSES, SCENES = 2, 20_000

SETTINGS = [
    {"study": "eyes", "framework": framework, "seed": seed, "variant": variant}
    for framework, seed, variant in product(("torch", "tensorflow"), (0, 1), ("trained", "fresh", "frozen"))
]


def chapter(framework):
    """What the chapter's cells define."""
    wanted = {*CELLS, *(f"{name}-{framework}" for name in OF_A_FRAMEWORK)}
    names = {}
    for cell in nbformat.read(CHAPTER, as_version=4).cells:
        if re.sub(r"-\d$", "", cell.id) in wanted:  # eyes-torch-2 goes on where eyes-torch ends
            exec(cell.source, names)
    return names


def run(study, framework, seed, variant):
    course, names = importlib.import_module(f"course_utils.{framework}"), chapter(framework)
    suffix = {"torch": "Torch", "tensorflow": "TensorFlow"}[framework]
    names["data"] = data = names["SceneData"](batch_size=32, num_train=SCENES)
    repro.seed_everything(seed)
    namer = names[f"Namer{suffix}"]()
    if variant != "fresh":
        course.Trainer(max_epochs=40, lr=0.005, decay=True).fit(namer, names["wandering"](seed))
    encoder = names[f"SceneEncoder{suffix}"](namer.eyes, 128)
    model = names[f"Captioner{suffix}"](encoder, 128)
    if variant == "frozen" and framework == "torch":
        encoder.eyes.requires_grad_(False)
    elif variant == "frozen":
        encoder.eyes.trainable = False
    history = course.Trainer(max_epochs=PASSES, lr=0.003, decay=True).fit(model, data)
    exact = names["score"](names[f"write_{framework}"], model, data)["exact"]
    return {
        "new": exact["new combinations, width 1"],
        "seen": exact["seen combinations, width 1"],
        "train_loss": history.train_loss[-1],
    }


if __name__ == "__main__":
    experiments.main(__file__, SETTINGS, run)

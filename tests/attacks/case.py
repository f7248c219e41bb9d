"""What a submission of the corpus is, and what it must get."""

from dataclasses import dataclass, field

from grading_toy import POINTS, as_bytes, honest

FULL = sum(POINTS.values())


@dataclass(frozen=True)
class Case:
    """A submission and its expected outcome.

    Attributes:
        files: name → content.
        status: of the submission.
        points: in all.
        earned: question → points, of those that are not what the total of an honest answer says.
        lost: questions that cost their process.
        caps: what was used too much of.
        says: a text that must stand in some message.
        slow: waits for a limit on time, so it is left to the long run.
    """

    files: dict[str, bytes]
    status: str = "graded"
    earned: dict[str, float] = field(default_factory=dict)
    lost: tuple[str, ...] = ()
    caps: tuple[str, ...] = ()
    says: str = ""
    slow: bool = False

    @property
    def points(self):
        return sum((POINTS | self.earned | dict.fromkeys(self.lost, 0.0)).values()) if self.status == "graded" else 0.0


def answers(framework="torch", *, expect=None, **sources):
    """Honest answers but for those given."""
    return Case({f"{framework}.ipynb": as_bytes(honest(framework, **sources))}, **(expect or {}))


def file(content, name="torch.ipynb", **expect):
    return Case({name: content if isinstance(content, bytes) else as_bytes(content)}, **expect)


def in_softmax(body, earned=0.0, **expect):
    """A softmax with this body; `weighted`, which would call it, has its own and is right all the same."""
    own = "def weighted(X, S):\n    return (X * torch.softmax(S, 1)).sum(1)  # (n,)"
    lines = "\n".join(f"    {line}" for line in body.strip().splitlines())
    if "softmax" not in expect.get("lost", ()):
        expect["earned"] = {"softmax": earned}
    return answers(softmax=f"def softmax(X):\n{lines}", weighted=own, expect=expect)

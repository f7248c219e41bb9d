r"""When a cell's outputs count as unchanged: words and integers exactly, other numbers within a tolerance.

`compare` is the one judge: by it the nbval extension fails a cell, and `course refresh` keeps a cell's stored outputs.
Pictures are not compared, the text that stands for them is; what differs at each run (`VARYING`) is masked first.

>>> stored = [{"output_type": "stream", "name": "stdout", "text": "epoch 3, perplexity 4.150, 1.3 s\n"}]
>>> now = [{"output_type": "stream", "name": "stdout", "text": "epoch 3, perplexity 4.151, 2.9 s\n"}]
>>> compare(stored, now)
[]
"""

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import zip_longest
from typing import Any

_AMOUNT = r"(?<![\w.])\d[\d,]*(?:\.\d+)?(?:[eE][-+]?\d+)?"

VARYING = {
    r"\b0x[0-9a-fA-F]{6,}\b": "<address>",
    # Only a tensor on a GPU prints its device, so the whole phrase goes.
    r", device='(?:cuda|mps)(?::\d+)?'": "",
    r"/job:localhost/replica:\d+/task:\d+/device:[A-Z]+:\d+": "<device>",
    r"\b(?:cpu|cuda(?::\d+)?|mps(?::\d+)?|[CG]PU:\d+)\b": "<device>",
    # "42k tokens/s", "3 updates per second"; then the same as repro.show prints it, name first.
    _AMOUNT + r"k? ?[a-z]*(?:/s\b| per second\b)": "<rate>",
    r"\b([a-z]+(?:/s| per second))[ =:]+" + _AMOUNT + r"k?\b": r"\1 <rate>",
    _AMOUNT + r" ?(?:ns|[µμ]s|ms|s|secs?|seconds?|minutes?)\b": "<time>",
    r"\b((?:seconds?|milliseconds?|ms)(?: per [a-z]+)?)[ =:]+" + _AMOUNT + r"\b": r"\1 <time>",
    r"\b\d{1,2}:\d\d:\d\d\b": "<time>",
    # A ratio is masked only where the words say that it is one of speed: "3 × 4" is a shape.
    _AMOUNT + r" ?(?:[×x]|times)(?= (?:faster|slower|as fast|as slow|as long|the time|the speed))": "<ratio>",
    r"\b(speed-?up|faster|slower)[ =:]+" + _AMOUNT + r"(?: ?[×x]\b)?": r"\1 <ratio>",
}
"""Pattern → replacement of what no two runs share: times, ratios of speed, memory addresses, device names."""

_NUMBER = re.compile(
    r"(?<![\w.])[-+−]?(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?!\w|\.\d)"
    r"|(?<!\w)[-+−]?(?:nan|inf)\b"
)
_WHOLE = re.compile(r"[-+−]?[\d,]+")
_FRACTION = re.compile(r"\.\d|[eE]|nan|inf")


@dataclass(frozen=True)
class Tolerance:
    """How far two numbers may be apart: `rtol` times the larger one, or `atol` where that is more.

    With `last_place`, one unit in the last place that is printed is allowed in any case: 0.3 and 0.4 may be one number,
    rounded this way and that.
    """

    rtol: float = 1e-3
    atol: float = 1e-6
    last_place: bool = False


DEFAULT = Tolerance()


def compare(
    stored: Iterable[Mapping[str, Any]],
    new: Iterable[Mapping[str, Any]],
    tolerance: Tolerance = DEFAULT,
    *,
    texts: bool = True,
    varying: Mapping[str, str] = VARYING,
) -> list[str]:
    """The differences between two lists of a code cell's outputs, one sentence each; none if they count as equal.

    Args:
        stored, new: outputs in the notebook format, of the notebook and of a new run.
        tolerance: for numbers with a fraction; integers and words must be equal.
        texts: False compares the kinds of outputs only (streams, results, MIME types), not what they say.
        varying: pattern → replacement, applied to each text first.

    >>> show = {"output_type": "display_data", "metadata": {}, "data": {"text/plain": "a line, last 0.52"}}
    >>> compare([show], [])
    ['The notebook stores display (text/plain), now there is nothing.']
    >>> compare([show], [{**show, "data": {"text/plain": "a line, last 0.53"}}])
    ['text/plain of output 1: 0.52 is stored, now it is 0.53 (rtol 0.001, atol 1e-06), in the line: a line, last 0.53']
    """
    before, now = ([_fields(output) for output in tidy(outputs)] for outputs in (stored, new))
    if [list(fields) for fields in before] != [list(fields) for fields in now]:
        return [f"The notebook stores {_kinds(before)}, now there is {_kinds(now)}.", *_surplus(before, now)]
    if not texts:
        return []
    found = []
    for number, (old_fields, new_fields) in enumerate(zip(before, now, strict=True), start=1):
        for (_, name), old in old_fields.items():
            difference = text_difference(old, new_fields[_, name], tolerance, varying)
            if difference:
                found.append(f"{name} of output {number}: {difference}")
    return found


def text_difference(
    old: str, new: str, tolerance: Tolerance = DEFAULT, varying: Mapping[str, str] = VARYING
) -> str | None:
    """What differs between two texts, or None.

    Integers are exact, also against "3.0"; numbers with a fraction are compared within the tolerance; NaN equals NaN.
    Another width of a number moves what stands around it, so white space counts only where nothing else differs.

    >>> text_difference("loss 1.0000 nan", "loss  0.9999 nan")
    >>> text_difference("step 10", "step 11")
    '10 is stored, now it is 11, in the line: step 11'
    """
    if old == new:
        return None
    if "".join(old.split()) == "".join(new.split()):
        return f"other white space, {_first_change(old, new)}"
    old, new = _mask(old, varying), _mask(new, varying)
    if _words(old) != _words(new):
        return _first_change(old, new)
    for a, b in zip(_NUMBER.finditer(old), _NUMBER.finditer(new), strict=True):
        if not _same_number(a[0], b[0], tolerance):
            limits = f" (rtol {tolerance.rtol:g}, atol {tolerance.atol:g})" if _FRACTION.search(a[0] + b[0]) else ""
            return f"{a[0]} is stored, now it is {b[0]}{limits}, in the line: {_line_at(new, b.start())}"
    return None


def spreads(
    runs: Sequence[Iterable[Mapping[str, Any]]], rounding: Tolerance, varying: Mapping[str, str] = VARYING
) -> list[float]:
    """How far each number with a fraction is apart over several runs of one cell, in the order of printing.

    Args:
        runs: the cell's outputs in each run, whose words and integers are the same.
        rounding: what counts as no difference: its `atol`, and a unit in the last printed place if it allows that.
        varying: as for `compare`.

    Returns:
        (largest - smallest) / the largest absolute value, for each number.

    >>> runs = [[{"output_type": "stream", "name": "stdout", "text": f"loss {loss}, {share}, 7 units"}]
    ...         for loss, share in [("2.000", "0.3"), ("1.900", "0.4")]]
    >>> spreads(runs, Tolerance(last_place=True)), spreads(runs, Tolerance())
    ([0.05, 0.0], [0.05, 0.25])
    """
    printed = [[number for output in tidy(outputs) for number in _fractions(output, varying)] for outputs in runs]
    found = []
    for spelled in zip(*printed, strict=True):
        values = [_value(number) for number in spelled]
        if all(value.is_finite() for value in values):
            gap = max(values) - min(values)
            least = max(Decimal(rounding.atol), _last_place(*values) if rounding.last_place else Decimal(0))
            found.append(0.0 if gap <= least else float(gap / max(map(abs, values))))
    return found


def tidy(outputs: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    r"""The outputs as a page shows them: streams joined, overwritten lines gone, stderr last.

    Where a stream is cut into messages, and where stderr falls between them, is chance.

    >>> parts = [{"output_type": "stream", "name": "stdout", "text": text} for text in ("10 %", "\r100 %\n")]
    >>> tidy(parts)
    [{'output_type': 'stream', 'name': 'stdout', 'text': '100 %\n'}]
    """
    joined: list[dict[str, Any]] = []
    for output in sorted(outputs, key=lambda output: output.get("name") == "stderr"):
        last = joined[-1] if joined else {}
        if output["output_type"] == "stream" and last.get("name") == output["name"]:
            last["text"] += _text(output["text"])
        elif output["output_type"] == "stream":
            joined.append({**output, "text": _text(output["text"])})
        else:
            joined.append(dict(output))
    for output in joined:
        if output["output_type"] == "stream":
            output["text"] = re.sub(r"^.*\r(?=[^\n])", "", output["text"], flags=re.MULTILINE)
    return joined


def alt_text(output: Mapping[str, Any], mime: str) -> str:
    """The alternative text of an output's picture, from its metadata; "" without one.

    >>> alt_text({"metadata": {"image/png": {"alt": "Two falling curves"}}}, "image/png")
    'Two falling curves'
    """
    metadata = output.get("metadata", {})
    return metadata.get(mime, {}).get("alt") or metadata.get("alt") or ""


def _fields(output: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    """An output as (its kind, a name) → the text to compare."""
    kind = output["output_type"]
    if kind == "stream":
        return {("", output["name"]): output["text"]}
    if kind == "error":
        return {("", "error"): f"{output['ename']}: {output['evalue']}"}
    kind = "result" if kind == "execute_result" else "display"
    fields = {}
    for mime in sorted(output["data"]):
        text = _text(output["data"][mime])
        fields[kind, mime] = "" if _is_opaque(mime, text) else text
        if alt := alt_text(output, mime):
            fields[kind, f"alt text of {mime}"] = alt
    return fields


def _fractions(output: Mapping[str, Any], varying: Mapping[str, str]) -> Iterator[str]:
    """The numbers of an output that are compared within a tolerance, as they are spelled."""
    for text in _fields(output).values():
        for match in _NUMBER.finditer(_mask(text, varying)):
            if _FRACTION.search(match[0]) and not _WHOLE.fullmatch(match[0]):
                yield match[0]


def _is_opaque(mime: str, text: str) -> bool:
    """Pixels depend on fonts and versions, in a living figure too, a sound on rounding, and widgets' ids on chance."""
    if mime == "text/html":
        return text.startswith(('<figure class="living ', '<figure class="sound"'))
    return mime.startswith("image/") or mime in ("application/pdf", "application/vnd.jupyter.widget-view+json")


def _text(data: Any) -> str:
    if isinstance(data, str):
        return data
    if isinstance(data, list) and all(isinstance(line, str) for line in data):
        return "".join(data)
    return json.dumps(data, sort_keys=True)


def _kinds(outputs: Sequence[Mapping[tuple[str, str], str]]) -> str:
    def name(fields: Mapping[tuple[str, str], str]) -> str:
        kind, names = next(iter(fields), ("empty display", ""))[0], ", ".join(name for _, name in fields)
        return f"{kind} ({names})" if kind else names

    return ", ".join(map(name, outputs)) or "nothing"


def _surplus(before: Sequence[Mapping], now: Sequence[Mapping]) -> list[str]:
    """What the outputs say whose kind is new: a warning's or an error's own words help most."""
    known = {key for fields in before for key in fields}
    return [
        f"New {name}: {text.strip()[:500]}"
        for fields in now
        for (kind, name), text in fields.items()
        if (kind, name) not in known and text.strip()
    ]


def _mask(text: str, varying: Mapping[str, str]) -> str:
    for pattern, replacement in varying.items():
        text = re.sub(pattern, replacement, text)
    return text


def _words(text: str) -> list[str]:
    return [" ".join(piece.split()) for piece in _NUMBER.split(text)]


def _same_number(a: str, b: str, tolerance: Tolerance) -> bool:
    """Whether two spellings count as one number; "10." may end a sentence, so it is exact against "11."."""
    if a == b:  # also NaN, which equals no number
        return True
    if not _FRACTION.search(a + " " + b) or _WHOLE.fullmatch(a) or _WHOLE.fullmatch(b):
        return False
    x, y = _value(a), _value(b)
    if tolerance.last_place and x.is_finite() and y.is_finite() and abs(x - y) <= _last_place(x, y):
        return True
    return math.isclose(x, y, rel_tol=tolerance.rtol, abs_tol=tolerance.atol)


def _value(number: str) -> Decimal:
    return Decimal(number.replace(",", "").replace("−", "-"))


def _last_place(*values: Decimal) -> Decimal:
    """One unit in the last printed place, of the number with the fewest."""
    return max(Decimal(1).scaleb(int(value.as_tuple().exponent)) for value in values)


def _first_change(old: str, new: str) -> str:
    pairs = list(zip_longest(old.splitlines(), new.splitlines(), fillvalue=""))
    changed = [pair for pair in pairs if _words(pair[0]) != _words(pair[1])] or [p for p in pairs if p[0] != p[1]]
    if not changed:
        return "another end of the last line"
    return f"{changed[0][0].strip()!r} is stored, now it is {changed[0][1].strip()!r}"


def _line_at(text: str, position: int) -> str:
    return text[text.rfind("\n", 0, position) + 1 :].partition("\n")[0].strip()

"""The site's network in JavaScript: in a browser it computes what both frameworks compute, and chooses alike."""

import base64
import json
from collections.abc import Iterator
from itertools import product

import numpy as np
import oracle
import oracle_seq2seq
import pytest
from frameworks import close
from oracle_cells import Network, flat
from safetensors.numpy import load, save

from course_utils import files
from course_utils.decoding import distribution
from course_utils.figures import watch_beam

SCRIPT = files.ROOT / "docs/_static/network.js"
MOST = 1e-5  # relative to the largest logit, or to 1
CELLS = {
    "RNN": {"cell": "RNN"},
    "GRU": {"cell": "GRU"},
    "GRU, reset before": {"cell": "GRU", "reset_after": False},
    "LSTM": {"cell": "LSTM"},
}

READ = """([weights, ids, state]) => {
    const found = network.read(network.open(weights).params, ids, state ?? undefined);
    return { logits: found.map(({ logits }) => logits), H: found.at(-1).H, C: found.at(-1).C };
}"""
TRANSLATE = """([weights, source, length, inputs]) => {
    let { decoder, memory, state } = network.encode(network.open(weights).params, source, length);
    const found = inputs.map((id) => (state = network.decodeStep(decoder, memory, id, state)));
    return { logits: found.map(({ logits }) => logits), looked: found.map(({ looked }) => looked) };
}"""


@pytest.fixture(scope="module")
def page(browser) -> Iterator:
    """A page with the script and nothing else."""
    page = browser.new_page()
    page.add_script_tag(content=SCRIPT.read_text("utf-8"))
    yield page
    page.close()


def packed(params: dict[str, np.ndarray], dtype=np.float32, about: dict[str, str] | None = None) -> str:
    arrays = {name: np.asarray(value, dtype, order="C") for name, value in params.items()}
    return base64.b64encode(save(arrays, about)).decode("ascii")


def rounded(params: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Numbers that all have exactly: of 32 bits, for NumPy to compute with in 64."""
    return {name: value.astype(np.float32).astype(np.float64) for name, value in params.items()}


def lm_case(cell: str, e: int | None = 6):
    """Weights of a language model, ids and a state that is not zero; all sizes are different."""
    V, h, T = 11, 5, 7
    rng, network = np.random.default_rng(0), Network(widths=(h,), **CELLS[cell])
    params = rounded(oracle.random_lm(rng, network, V, e))
    state = network.nest(
        [rng.normal(size=(1, h)).astype(np.float32).astype(np.float64) for _ in range(1 + (cell == "LSTM"))]
    )
    return network, params, rng.integers(0, V, (1, T)), state


def read(page, params, ids, state) -> dict:
    state = dict(zip("HC", (part[0].tolist() for part in flat(state)), strict=False)) if state is not None else None
    return page.evaluate(READ, [packed(params), ids[0].tolist(), state])


def seq2seq_case(cell: str, directions: int, attends: bool = True):
    """Weights of a translator, and one sentence with padding behind it; all sizes are different."""
    V, e, U, f, h, S, length, T = 11, 6, 13, 4, 5, 9, 7, 3
    rng, network = np.random.default_rng(0), Network(cell, (h,), directions, attends=attends)
    params = rounded(oracle_seq2seq.random_params(rng, network, V, e, U, f))
    X = rng.integers(0, V, (1, S)), np.array([length]), rng.integers(0, U, (1, T))
    return (V, e, U, f), network, params, X


def translate(page, params, X) -> dict:
    source, lengths, inputs = X
    return page.evaluate(TRANSLATE, [packed(params), source[0].tolist(), int(lengths[0]), inputs[0].tolist()])


@pytest.mark.parametrize(("cell", "e"), [*product(CELLS, [6]), ("RNN", None), ("LSTM", None)])
def test_a_language_model_is_that_of_both_frameworks(framework, page, cell, e):
    network, params, ids, state = lm_case(cell, e)
    for start in (state, None):
        found = read(page, params, ids, start)
        model = framework.course.RNNLM(framework.implementations["scratch"].build(network, e or 11), 11, embed_size=e)
        model(framework.tensor(ids))  # makes the weights
        framework.course.weights.load(model, params)
        framework.evaluating(model)
        given = None
        if start is not None:
            given = network.nest([framework.tensor(part.astype(np.float32)) for part in flat(start)])
        logits, last = model(framework.tensor(ids), given)
        close(found["logits"], framework.array(logits)[0], MOST)
        for name, part in zip("HC", flat(last), strict=False):
            close(found[name], framework.array(part)[0], MOST)


@pytest.mark.parametrize(
    ("cell", "directions", "attends"), [("GRU", 2, True), ("LSTM", 2, True), ("GRU", 1, True), ("GRU", 1, False)]
)
def test_a_translator_is_that_of_both_frameworks(framework, page, cell, directions, attends):
    (V, e, U, f), network, params, X = seq2seq_case(cell, directions, attends)
    course, h, both = framework.course, network.widths[0], directions == 2
    encoder = course.Seq2SeqEncoder(V, e, h, cell=cell.lower(), bidirectional=both)
    options = {"bidirectional": both} if attends else {}
    decoder = (course.AttentionDecoder if attends else course.Seq2SeqDecoder)(U, f, h, cell=cell.lower(), **options)
    model = course.Seq2Seq(encoder, decoder)
    X_here = tuple(map(framework.tensor, X))
    model(X_here)  # makes the weights
    course.weights.load(model, params)
    framework.evaluating(model)
    found = translate(page, params, X)
    close(found["logits"], framework.array(model(X_here)[0])[0], MOST)
    if attends:
        close(found["looked"], framework.array(model.alignment(X_here))[0], MOST)
    else:
        assert found["looked"] == [None] * 3


# What a slip would change: the script with it must not pass for a network of these equations.
MUTANTS = {
    "gates in another order": ('const F = sigmoid(fed(p, "f"', 'const F = sigmoid(fed(p, "i"'),
    "input and output gate exchanged": ('const I = sigmoid(fed(p, "i"', 'const I = sigmoid(fed(p, "o"'),
    "Z keeps what is new": ("z * H[i] + (1 - z) * H_tilde[i]", "(1 - z) * H[i] + z * H_tilde[i]"),
    "reset always before": ("tanh(p.b_hh\n", "tanh(false\n"),
    "reset before, but of the product": ("times(product(R, H), p.W_hh)", "product(R, times(H, p.W_hh))"),
    "b_hh outside the reset": (
        "p.b_h, product(R, sum(times(H, p.W_hh), p.b_hh))",
        "p.b_h, p.b_hh, product(R, times(H, p.W_hh))",
    ),
    "mask dropped": ("s < memory.length", "true"),
    "padding is read": ("ids.slice(0, length)", "ids"),
    "the backward outputs are not turned round": (
        "inputs.toReversed()).toReversed()",
        "inputs.toReversed())",
    ),
    "the scores are not scaled": (" / Math.sqrt(found.H.length)", ""),
    "the rows of a matrix are read as its columns": (
        "at = i * W.columns; j < W.columns; j++, at++",
        "at = i; j < W.columns; j++, at += W.columns",
    ),
    "the state is not carried": ("(state = step(p, x, state))", "step(p, x, state)"),
    "the start is forgotten": ("state = begin(p)) =>", "_, state = begin(p)) =>"),
}


def differences(page) -> list[float]:
    """How far the page's numbers are from those of NumPy, for each cell and for a translator."""
    found = []
    for cell in CELLS:
        _, params, ids, state = lm_case(cell)
        logits, _ = oracle.lm_logits(params, ids, state)
        found.append((read(page, params, ids, state)["logits"], logits[0]))
    for cell in ("GRU", "LSTM"):
        *_, params, X = seq2seq_case(cell, directions=2)
        made = translate(page, params, X)
        found += [(made["logits"], oracle_seq2seq.logits(params, X)[0][0])]
        found += [(made["looked"], oracle_seq2seq.alignment(params, X)[0])]
    return [np.abs(np.asarray(ours, dtype=float) - theirs).max() for ours, theirs in found]


def test_it_is_equal_to_numpy(page):
    assert max(differences(page)) < 1e-9  # both have numbers of 64 bits


@pytest.mark.parametrize("slip", MUTANTS)
def test_slips_are_caught(browser, slip):
    before, after = MUTANTS[slip]
    text = SCRIPT.read_text("utf-8")
    assert text.count(before) == 1
    page = browser.new_page()
    page.add_script_tag(content=text.replace(before, after))
    try:
        worst = max(differences(page))
    except Exception as error:  # the slip stops the script
        worst = np.inf if "Error" in str(error) else pytest.fail(str(error))
    finally:
        page.close()
    assert not worst < 1e-3


def test_weights_of_half_the_size_are_read_as_they_are(page):
    values = np.array([0, -0.0, 1, -1, 0.1, 65504, 6e-8, -6.1e-5, 1000.5], np.float16)
    about = {"tokens": json.dumps(["é", "<unk>"])}
    found = page.evaluate(
        "weights => { const { params, about } = network.open(weights); return [params.b_q, about.tokens]; }",
        packed({"W": np.zeros((2, 3)), "b_q": values}, np.float16, about),
    )
    assert found == [values.astype(float).tolist(), about["tokens"]]


@pytest.mark.parametrize("settings", [(1.0, 1.0), (0.6, 1.0), (0.0, 1.0), (1.0, 0.8), (1.5, 0.35)])
def test_tokens_are_drawn_as_in_python(page, settings):
    temperature, top_p = settings
    logits = np.random.default_rng(0).normal(size=13) * 2
    logits[[3, 5]] = logits.max() + 0.1  # equal ones keep their order
    expected = distribution(logits, temperature, top_p=top_p)
    found = page.evaluate("all => network.distribution(...all)", [logits.tolist(), *settings])
    np.testing.assert_allclose(found, expected, atol=1e-12)
    drawn = page.evaluate(
        """([logits, temperature, topP]) => [3, 3, 4].map((seed) => {
            const random = network.generator(seed);
            return Array.from({ length: 4000 }, () => network.choose(logits, random, temperature, topP));
        })""",
        [logits.tolist(), *settings],
    )
    assert drawn[0] == drawn[1]
    assert (drawn[0] == drawn[2]) == (temperature == 0)
    shares = np.bincount(drawn[0], minlength=13) / 4000
    assert np.abs(shares - expected).max() < 0.03
    assert not shares[expected == 0].any()


BEAMS = """([weights, source, bos, eos, most, width]) => {
    const { decoder, memory, state } = network.encode(network.open(weights).params, source);
    const ask = (id, state) => network.decodeStep(decoder, memory, id, state);
    return [...network.beams(ask, state, { bos, eos, most, width })].map((compared) => compared
        .map(({ id, logP, score, ended }, place) => [id, logP, score, ended, place < width]));
}"""


@pytest.mark.parametrize("width", [1, 3, 20])
def test_a_beam_search_compares_what_pythons_compares(page, width):
    _, _, params, X = seq2seq_case("GRU", 2)
    source, bos, eos, most = X[0], 2, 3, 6
    length = np.array([source.shape[1]])

    def step(prefixes):
        logits = [oracle_seq2seq.logits(params, (source, length, prefix[None]))[0][0, -1] for prefix in prefixes]
        return np.array(logits) - np.log(np.exp(logits).sum(axis=1, keepdims=True))

    tokens = [str(i) for i in range(13)]
    expected = watch_beam(step, tokens, bos, eos, most, [width])[width]
    found = page.evaluate(BEAMS, [packed(params), source[0].tolist(), bos, eos, most, width])
    assert len(found) == len(expected)
    for ours, theirs in zip(found, expected, strict=True):
        kept = sorted((h for h in theirs if h.outcome != "dropped"), key=lambda h: -h.score)
        assert [str(id) for id, *_, is_kept in ours if is_kept] == [h.token or str(eos) for h in kept]
        np.testing.assert_allclose([logP for _, logP, *_, is_kept in ours if is_kept], [h.log_prob for h in kept])
        np.testing.assert_allclose([score for *_, score, _, is_kept in ours if is_kept], [h.score for h in kept])
        assert [ended for *_, ended, is_kept in ours if is_kept] == [h.outcome == "finished" for h in kept]


def test_what_it_writes_is_what_a_model_writes(pytorch, page):
    """Greedily, so that no draw comes in."""
    network, params, ids, _ = lm_case("LSTM")
    model = pytorch.course.RNNLM(pytorch.implementations["scratch"].build(network, 6), 11, embed_size=6)
    pytorch.course.weights.load(model(pytorch.tensor(ids)) and model, params)
    expected = ids[0].tolist()
    for _ in range(9):
        logits, _ = model.eval()(pytorch.tensor([expected]))
        expected.append(int(logits[0, -1].argmax()))
    written = "([weights, ids, eos]) => network.write(network.open(weights).params, ids, 9, { temperature: 0, eos })"
    assert page.evaluate(written, [packed(params), ids[0].tolist(), -1]) == expected
    eos = expected[9]  # the third that is written, or the same before it
    end = expected.index(eos, 7) + 1
    assert page.evaluate(written, [packed(params), ids[0].tolist(), eos]) == expected[:end]


WEIGHTS = files.ROOT / "results/networks"
SHIPPED = {"gru": ("GRU", 32, 160), "lstm": ("LSTM", 32, 160), "tunes": ("LSTM", 48, 128)}


@pytest.mark.parametrize("name", SHIPPED)
def test_the_shipped_language_models_are_those_of_both_frameworks(framework, page, name):
    """The logits of the frameworks' own layers, and of the file as the browser reads it."""
    cell, e, h = SHIPPED[name]
    content = (WEIGHTS / f"{name}.safetensors").read_bytes()
    params = rounded(load(content))
    V = len(params["b_q"])
    ids = np.random.default_rng(0).integers(1, V, (1, 40))
    model = framework.course.RNNLM(framework.implementations["layer"].build(Network(cell, (h,)), e), V, embed_size=e)
    model(framework.tensor(ids))  # makes the weights
    framework.course.weights.load(model, params)
    framework.evaluating(model)
    found = page.evaluate(READ, [base64.b64encode(content).decode("ascii"), ids[0].tolist(), None])
    close(found["logits"], framework.array(model(framework.tensor(ids))[0])[0], MOST)


def test_the_shipped_translator_is_that_of_both_frameworks(framework, page):
    content = (WEIGHTS / "translator.safetensors").read_bytes()
    params, course = rounded(load(content)), framework.course
    (V, e), U, h = params["encoder.W_xe"].shape, len(params["decoder.b_q"]), len(params["decoder.b_h"])
    decoder = course.AttentionDecoder(U, e, h, bidirectional=True)
    model = course.Seq2Seq(course.Seq2SeqEncoder(V, e, h, bidirectional=True), decoder)
    rng = np.random.default_rng(0)
    X = rng.integers(4, V, (1, 9)), np.array([7]), rng.integers(4, U, (1, 6))
    X_here = tuple(map(framework.tensor, X))
    model(X_here)  # makes the weights
    course.weights.load(model, params)
    framework.evaluating(model)
    source, length, inputs = (part[0].tolist() for part in X)
    found = page.evaluate(TRANSLATE, [base64.b64encode(content).decode("ascii"), source, length, inputs])
    close(found["logits"], framework.array(model(X_here)[0])[0], MOST)
    close(found["looked"], framework.array(model.alignment(X_here))[0], MOST)

// A recurrent network in plain JavaScript: the chapters' equations, with the chapters' names.
//
// It reads one sequence at a time. A vector (h,) is an array of numbers; a matrix (d, h) keeps its rows one after the
// other in `values`. The weights are those of the course, under their canonical names: W_xh (d, h), W_hh (h, h), b_h
// (h,) and so on. Whether a layer is an RNN, a GRU or an LSTM can be told from the weights that it has.

const network = (() => {
  // ---------------------------------------------------------------- vectors and matrices

  const zeros = (h) => Array(h).fill(0);
  const row = (W, i) => Array.from(W.values.subarray(i * W.columns, (i + 1) * W.columns));
  const sum = (first, ...others) => first.map((value, i) => others.reduce((total, other) => total + other[i], value));
  const product = (a, b) => a.map((value, i) => value * b[i]);
  const dot = (a, b) => a.reduce((total, value, i) => total + value * b[i], 0);
  const sigmoid = (x) => x.map((value) => 1 / (1 + Math.exp(-value)));
  const tanh = (x) => x.map(Math.tanh);

  // x (d,) times W (d, h): (h,).
  const times = (x, W) => {
    const found = zeros(W.columns);
    x.forEach((value, i) => {
      for (let j = 0, at = i * W.columns; j < W.columns; j++, at++) found[j] += value * W.values[at];
    });
    return found;
  };

  const logSoftmax = (logits) => {
    const most = Math.max(...logits);
    const total = most + Math.log(logits.reduce((sofar, value) => sofar + Math.exp(value - most), 0));
    return logits.map((value) => value - total);
  };
  const softmax = (logits) => logSoftmax(logits).map(Math.exp);

  // ---------------------------------------------------------------- the layers: x (d,) and the state → the new state

  // What a gate's sigmoid or tanh is fed with: x W_x + H W_h + b, (h,).
  const fed = (p, gate, x, H) => sum(times(x, p[`W_x${gate}`]), times(H, p[`W_h${gate}`]), p[`b_${gate}`]);

  const rnnStep = (p, x, { H }) => ({ H: tanh(fed(p, "h", x, H)) });

  const gruStep = (p, x, { H }) => {
    const Z = sigmoid(fed(p, "z", x, H));
    const R = sigmoid(fed(p, "r", x, H));
    const H_tilde = tanh(p.b_hh
      ? sum(times(x, p.W_xh), p.b_h, product(R, sum(times(H, p.W_hh), p.b_hh)))  // reset after the product
      : sum(times(x, p.W_xh), p.b_h, times(product(R, H), p.W_hh)));  // reset before it, as in the paper
    return { H: Z.map((z, i) => z * H[i] + (1 - z) * H_tilde[i]), Z, R };
  };

  const lstmStep = (p, x, { H, C }) => {
    const I = sigmoid(fed(p, "i", x, H));
    const F = sigmoid(fed(p, "f", x, H));
    const O = sigmoid(fed(p, "o", x, H));
    const C_tilde = tanh(fed(p, "c", x, H));
    const C_new = sum(product(F, C), product(I, C_tilde));
    return { H: product(O, tanh(C_new)), C: C_new, I, F, O };
  };

  const step = (p, x, state) => (p.b_c ? lstmStep : p.b_z ? gruStep : rnnStep)(p, x, state);

  // The state before the first step.
  const begin = (p) => (p.b_c ? { H: zeros(p.b_c.length), C: zeros(p.b_c.length) } : { H: zeros(p.b_h.length) });

  // The states after each of the inputs, (T, d).
  const walk = (p, inputs, state = begin(p)) => inputs.map((x) => (state = step(p, x, state)));

  // ---------------------------------------------------------------- a language model

  // What stands for a token: its row of the embedding, or its one-hot vector.
  const embed = (p, id) => (p.W_xe ? row(p.W_xe, id) : zeros(p.b_q.length).with(id, 1));

  // The states after each of the ids, and in each the logits (V,) of the token that comes next.
  const read = (p, ids, state) => walk(p, ids.map((id) => embed(p, id)), state)
    .map((found) => ({ ...found, logits: sum(times(found.H, p.W_hq), p.b_q) }));

  // ---------------------------------------------------------------- an encoder and a decoder with attention

  // The weights of a part: those whose names begin with its name.
  const part = (params, name) => Object.fromEntries(Object.entries(params)
    .filter(([key]) => key.startsWith(`${name}.`)).map(([key, value]) => [key.slice(name.length + 1), value]));

  // One state of those that the two directions ended in, for H and, of an LSTM, for C.
  const joined = (p, ahead, back) => Object.fromEntries(["H", "C"].filter((name) => ahead[name]).map((name) => {
    const gate = name.toLowerCase();
    return [name, sum(times([...ahead[name], ...back[name]], p[`W_${gate}s`]), p[`b_${gate}s`])];
  }));

  // What the encoder makes of a sentence, `length` tokens of the ids; what follows is padding. The memory that the
  // decoder looks at has for each token what it is found by and what it gives, (S, h) both, padding included.
  const encode = (params, ids, length = ids.length) => {
    const [p, decoder] = [part(params, "encoder"), part(params, "decoder")];
    const inputs = ids.slice(0, length).map((id) => row(p.W_xe, id));
    let outputs, state;
    if (p.W_hs) {
      const ahead = walk(part(p, "forward"), inputs);
      const back = walk(part(p, "backward"), inputs.toReversed()).toReversed();
      outputs = ahead.map(({ H }, s) => [...H, ...back[s].H]);  // (length, 2h)
      state = joined(p, ahead.at(-1), back[0]);
    } else {
      const states = walk(p, inputs);
      outputs = states.map(({ H }) => H);  // (length, h)
      state = states.at(-1);
    }
    const padded = ids.map((_, s) => outputs[s] ?? zeros(outputs[0].length));  // (S, h or 2h)
    const memory = { summary: state.H, length };
    if (decoder.W_k) {
      memory.keys = padded.map((output) => times(output, decoder.W_k));  // (S, h)
      memory.values = padded.map((output) => times(output, decoder.W_c));  // (S, h)
    }
    return { decoder, memory, state };
  };

  // One step of the decoder `p`: the new state with the logits of the next token, and where it looked, (S,).
  const decodeStep = (p, memory, id, state) => {
    const found = step(p, [...row(p.W_xe, id), ...memory.summary], state);
    let seen = found.H, looked = null;
    if (memory.keys) {
      const scores = memory.keys.map((key) => dot(found.H, key) / Math.sqrt(found.H.length));
      looked = softmax(scores.map((score, s) => (s < memory.length ? score : -Infinity)));
      memory.values.forEach((value, s) => { seen = seen.map((sofar, i) => sofar + looked[s] * value[i]); });
    }
    return { ...found, looked, logits: sum(times(seen, p.W_hq), p.b_q) };
  };

  // ---------------------------------------------------------------- from logits to tokens

  // Numbers from 0 to 1, the same for the same seed (Tommy Ettinger's mulberry32).
  const generator = (seed) => () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };

  // The places of an array, those of the largest values first; equal ones stay in their order.
  const ranked = (values) => [...values.keys()].sort((a, b) => values[b] - values[a]);

  // The probabilities that the next token is drawn by, as the course's `distribution` has them.
  const distribution = (logits, temperature = 1, topP = 1) => {
    const best = ranked(logits);
    if (temperature === 0) return zeros(logits.length).with(best[0], 1);
    const probs = softmax(logits.map((value) => value / temperature));
    let before = 0;
    for (const id of best) {
      const own = probs[id];
      if (topP < 1 && before >= topP) probs[id] = 0;
      before += own;
    }
    const total = probs.reduce((a, b) => a + b, 0);
    return probs.map((prob) => prob / total);
  };

  // A token's id, drawn; at temperature 0 it is the likeliest.
  const choose = (logits, random, temperature, topP) => {
    const probs = distribution(logits, temperature, topP);
    let left = random();
    const found = probs.findIndex((prob) => (left -= prob) < 0);
    return found < 0 ? ranked(probs)[0] : found;  // the probabilities' sum may be a little less than 1
  };

  // `ids` and what a language model adds, token by token, until `eos` or `most` tokens more.
  const write = (p, ids, most, { seed = 0, temperature = 1, topP = 1, eos = -1 }) => {
    const random = generator(seed), written = [];
    let state = read(p, ids).at(-1);
    while (written.length < most && written.at(-1) !== eos) {
      written.push(choose(state.logits, random, temperature, topP));
      [state] = read(p, written.slice(-1), state);
    }
    return [...ids, ...written];
  };

  // One step of a beam search: each beginning of the beam is gone on with each token, the best ones first. One that has
  // ended goes on with `eos` alone, which is certain. `ask(id, state)` gives the next state with its logits.
  const beamStep = (ask, beam, eos, penalty) => beam.flatMap((beginning, parent) => {
    const waits = beginning.ended, length = beginning.length + (waits ? 0 : 1);
    const state = waits ? null : ask(beginning.id, beginning.state);
    const logProbs = waits ? [[eos, 0]] : [...logSoftmax(state.logits).entries()];
    return logProbs.map(([id, logProb]) => {
      const logP = beginning.logP + logProb;
      return { id, parent, logProb, logP, score: logP / length ** penalty, length, state, waits, ended: id === eos };
    });
  }).sort((a, b) => b.score - a.score);

  // A beam search: for each of its steps all that was compared, best first; the first `width` of them go on, and know
  // the path that led to them. With a width of 1 it takes the likeliest token at each step (greedy).
  function* beams(ask, state, { bos, eos, most, width, penalty = 0.75 }) {
    let beam = [{ id: bos, logP: 0, length: 0, ended: false, state, path: [] }];
    for (let t = 0; t < most && !beam.every(({ ended }) => ended); t++) {
      const compared = beamStep(ask, beam, eos, penalty), kept = compared.slice(0, width);
      for (const found of kept) found.path = [...beam[found.parent].path, found];
      beam = kept;
      yield compared;
    }
  }

  // ---------------------------------------------------------------- weights from a file

  // A number of 16 bits: a sign, 5 bits of exponent, 10 of fraction.
  const half = (bits) => {
    const sign = bits & 0x8000 ? -1 : 1, exponent = (bits >> 10) & 31, fraction = bits & 1023;
    return sign * (exponent ? 2 ** (exponent - 25) * (1024 + fraction) : 2 ** -24 * fraction);
  };

  // The weights in a file of the safetensors format, given in base64, and what is said beside them.
  const open = (base64) => {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const begins = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));
    const { __metadata__: about, ...entries } = JSON.parse(new TextDecoder().decode(bytes.subarray(8, begins)));
    const params = {};
    for (const [name, { dtype, shape, data_offsets: [from, to] }] of Object.entries(entries)) {
      const { buffer } = bytes.slice(begins + from, begins + to);
      const values = dtype === "F16" ? Float32Array.from(new Uint16Array(buffer), half) : new Float32Array(buffer);
      params[name] = shape.length === 1 ? [...values] : { columns: shape[1], values };
    }
    return { params, about };
  };

  return { begin, beams, choose, decodeStep, distribution, encode, generator, logSoftmax, open, ranked, read, write };
})();

// The page "Try it": what is typed goes through `network`, and what comes out is drawn by the course's figures.
"use strict";

const networks = {};  // name → a file of weights in base64; the scripts in networks/ put them in

const tryIt = (() => {
  // What cannot be read, in a sentence for the reader.
  class Refusal extends Error {}

  const quoted = (words) => words.map((word) => `“${word}”`).join(", ");

  // ---------------------------------------------------------------- what is typed → ids

  // A line's letters as the network knows them: marks become spaces, as in the book that it has read.
  const lettersOf = (text, tokens) => {
    const strange = new Set(text.toLowerCase().match(/[^a-z\s\p{P}]/gu));
    if (strange.size > 0)
      throw new Refusal(`The network does not know ${quoted([...strange])}: it has read the letters a to z and spaces `
        + "only. Write the line without.");
    const letters = [...text.toLowerCase().replace(/[^a-z]+/g, " ")];
    if (letters.every((letter) => letter === " "))
      throw new Refusal("There is nothing to read yet: type a letter or more.");
    return letters.map((letter) => tokens.indexOf(letter));
  };

  // A name's words, and the <eos> behind them. Marks that it does not know are left out, as in the names that it read.
  const wordsOf = (text, tokens, most) => {
    const normal = text.normalize("NFC").toLowerCase().replace(/[’‘]/g, "'").replace(/[‐‑]/g, "-");
    const words = (normal.match(/[\p{L}\p{N}\p{M}]+(?:['-][\p{L}\p{N}\p{M}]+)*|[^\s\p{L}\p{N}\p{M}]/gu) ?? [])
      .filter((word) => tokens.includes(word) || !/^\p{P}$/u.test(word));
    if (words.length === 0) throw new Refusal("There is nothing to translate yet: type a word or more.");
    if (words.length >= most)
      throw new Refusal(`These are ${words.length} words, and the network reads ${most - 1} at most: leave some out.`);
    const strange = [...new Set(words.filter((word) => !tokens.includes(word)))];
    if (strange.length > 0) {
      const near = tokens.filter((token) => token.startsWith(strange[0].slice(0, 3))).slice(0, 5);
      throw new Refusal(`The network has never read ${quoted(strange)}, and it would only guess. `
        + (near.length > 0 ? `Words that it knows: ${near.join(", ")}.` : "Try another word."));
    }
    return [...words, "<eos>"].map((word) => tokens.indexOf(word));
  };

  // ---------------------------------------------------------------- numbers → what a figure shows

  const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;

  const ribbonData = ({ params, tokens }, ids) => {
    const states = network.read(params, [tokens.indexOf(" "), ...ids]);
    const logProbs = states.map(({ logits }) => network.logSoftmax(logits));  // (T + 1, V); the last: what comes next
    const bits = ids.map((id, t) => -logProbs[t][id] / Math.LN2);
    const best = (row) => network.ranked(row).slice(0, 3).map((id) => [tokens[id], Math.exp(row[id])]);
    const likeliest = logProbs.slice(0, -1).map(best);
    const row = { name: "GRU", mean: mean(bits).toFixed(2), bits, likeliest };
    row.mattered = row.share = ids.map(() => "");  // that would take gradients
    return { letters: ids.map((id) => tokens[id]), most: 8, rows: [row], next: logProbs.at(-1).map(Math.exp) };
  };

  // The cells whose F falls most from letters to spaces, and of the others those that keep most at spaces.
  const wipersAndKeepers = (letters, F, each = 5) => {
    const at = (i, isWanted) => mean(F.filter((_, t) => isWanted(letters[t])).map((gates) => gates[i]));
    const isSpace = (letter) => letter === " ", isLetter = (letter) => letter !== " ";
    const mixed = letters.some(isSpace) && letters.some(isLetter);
    const kept = F[0].map((_, i) => at(i, mixed ? isSpace : () => true));
    const fall = kept.map((value, i) => (mixed ? at(i, isLetter) - value : -value));
    const wipers = network.ranked(fall).slice(0, each);
    return [wipers, network.ranked(kept).filter((i) => !wipers.includes(i)).slice(0, each)];
  };

  const microscopeData = ({ params, tokens }, ids) => {
    const states = network.read(params, ids), letters = ids.map((id) => tokens[id]);
    const gates = Object.fromEntries([..."FIO"].map((name) => [name, states.map((state) => state[name])]));
    gates.C = states.map(({ C }) => C.map(Math.tanh));
    const [wipers, keepers] = wipersAndKeepers(letters, gates.F), cells = [...wipers, ...keepers];
    const each = (change) => Object.fromEntries(Object.entries(gates).map(([name, rows]) => [name, rows.map(change)]));
    return {
      tokens: letters,
      cells,
      groups: [["wipes at spaces", 0, wipers.length], ["keeps", wipers.length, cells.length]],
      means: each((row) => mean(row.map(Math.abs))),
      values: each((row) => cells.map((i) => row[i])),
    };
  };

  // A search as the beam stepper draws it: of what was dropped the best six that are not hopeless.
  const recorded = (steps, tokens, width) => {
    let places = [0];
    return steps.map((compared) => {
      const kept = compared.slice(0, width);
      const dropped = compared.slice(width).filter(({ logProb }) => logProb >= Math.log(0.001)).slice(0, 6);
      const shown = [...kept, ...dropped].sort((a, b) => places[a.parent] - places[b.parent] || b.score - a.score);
      const step = shown.map((found) => [
        found.waits ? "" : tokens[found.id], places[found.parent], Math.exp(found.logProb), found.logP, found.score,
        kept.includes(found) ? (found.ended ? "finished" : "kept") : "dropped",
      ]);
      places = kept.map((found) => shown.indexOf(found));
      return step;
    });
  };

  const translated = ({ params, source, target }, ids, most, widths = [1, 2, 3, 5]) => {
    const { decoder, memory, state } = network.encode(params, ids);
    const ask = (id, before) => network.decodeStep(decoder, memory, id, before);
    const [bos, eos] = ["<bos>", "<eos>"].map((token) => target.indexOf(token));
    const searches = widths.map((width) => [...network.beams(ask, state, { bos, eos, most, width })]);
    const path = searches[0].at(-1)[0].path.filter(({ id }) => id !== eos);  // of the greedy search
    const read = ids.map((id) => source[id]), written = path.map(({ id }) => target[id]);
    const weights = path.map(({ state }) => state.looked);
    return {
      written,
      alignment: { names: [{ name: read.slice(0, -1).join(" "), read, written, weights }] },
      beam: {
        marks: { kept: "", finished: "■ ", dropped: "× " },
        widths,
        searches: searches.map((steps, i) => recorded(steps, target, widths[i])),
      },
    };
  };

  // ---------------------------------------------------------------- tunes

  const BARS = ["|", "|:", ":|", "::", "||"];
  const lengthOf = (sign) => {
    const found = /^([1-9]\d*)?(?:\/([1-9]\d*))?$/.exec(sign ?? "?");
    return found && sign !== "" ? (found[1] ?? 1) / (found[2] ?? 1) : null;
  };

  // The sounds of a tune's signs: MIDI numbers with onset and duration in quarter notes; as in Python, an error for
  // signs that make no sense there.
  const notesOf = (signs, metre) => {
    const unit = metre === "2/4" ? 1 / 4 : 1 / 2;  // in quarter notes
    const notes = [], altered = {};
    let start = 0, triplet = 0, before = "";
    const refuse = (sign) => {
      throw new Refusal(`It wrote “${sign}” where that makes no sense, so nobody can play this: take another seed.`);
    };
    signs.forEach((sign, at) => {
      const pitch = /^(__|_|=|\^\^|\^)?([A-Ga-g])('+|,*)$/.exec(sign);
      if (lengthOf(sign) !== null && before === "note") { before = "length"; return; }
      if (triplet > 0 && !pitch && sign !== "z") refuse(sign);
      if (pitch || sign === "z") {
        const duration = (lengthOf(signs[at + 1]) ?? 1) * unit * (triplet > 0 ? 2 / 3 : 1);
        triplet = Math.max(triplet - 1, 0);
        if (pitch) notes.push({ pitch: midi(pitch, altered), start, duration });
        start += duration;
        before = "note";
        return;
      }
      if (sign === "(3") triplet = 3;
      else if (BARS.includes(sign)) {
        if (BARS.includes(before) || before.startsWith("[")) refuse(sign);
        for (const letter of Object.keys(altered)) delete altered[letter];
      } else if (!["[1", "[2"].includes(sign) || !BARS.includes(before)) refuse(sign);
      before = sign;
    });
    if (triplet > 0) refuse("(3");
    return notes;
  };

  // A pitch's MIDI number; its accidental holds until the bar ends.
  const midi = ([, accidental, letter, octave], altered) => {
    const changes = { "__": -2, _: -1, "=": 0, "^": 1, "^^": 2 };
    if (accidental) altered[letter + octave] = changes[accidental];
    const octaves = (letter === letter.toLowerCase() ? 1 : 0) + (octave[0] === "," ? -octave.length : octave.length);
    const natural = [0, 2, 4, 5, 7, 9, 11]["CDEFGAB".indexOf(letter.toUpperCase())];
    return 60 + 12 * octaves + natural + (altered[letter + octave] ?? 0);
  };

  const abcOf = (signs, dance, metre) => {
    const body = signs.map((sign) => (/[|:]/.test(sign) ? ` ${sign} ` : sign)).join("").replace(/ +/g, " ").trim();
    const unit = `1/${metre === "2/4" ? 16 : 8}`;
    return `X:1\nT:A ${dance} made in a browser\nR:${dance}\nM:${metre}\nL:${unit}\nK:C\n${body}`;
  };

  // Put the notes into an audio context, as plucked strings: sines of f, 2f and 3f hertz, which die away, the higher
  // the faster. The seconds that it takes.
  const pluck = (context, notes, tempo = 180) => {
    const beat = 60 / tempo;
    for (const { pitch, start, duration } of notes)
      for (const k of [1, 2, 3]) {
        const from = context.currentTime + start * beat;
        const sine = context.createOscillator(), volume = context.createGain();
        sine.frequency.value = k * 440 * 2 ** ((pitch - 69) / 12);
        volume.gain.setValueAtTime(0.2 / k, from);
        volume.gain.setTargetAtTime(0, from, 1 / (4 * k));
        volume.gain.setTargetAtTime(0, from + duration * beat, 0.02);  // it is damped, without a click
        sine.connect(volume).connect(context.destination);
        sine.start(from);
        sine.stop(from + duration * beat + 0.15);
      }
    return Math.max(...notes.map(({ start, duration }) => (start + duration) * beat)) + 0.15;
  };

  // ---------------------------------------------------------------- the page

  // Draw a figure anew: a copy of what the page has of it, with these data, is brought to life by its own script.
  const draw = (part, kind, data) => {
    const blank = part.querySelector(`template[data-kind="${kind}"]`).content.firstElementChild.cloneNode(true);
    const json = document.createElement("script");
    json.type = "application/json";
    json.textContent = JSON.stringify(data);
    blank.append(json);
    part.querySelector(`figure.${kind}`).replaceWith(blank);
    figures[kind]();
  };

  const drawNext = (part, probs, tokens) => {
    part.querySelector(".next").replaceChildren(...network.ranked(probs).slice(0, 8).map((id) => {
      const bar = document.createElement("li");
      bar.style.setProperty("--v", probs[id]);
      bar.textContent = `${tokens[id] === " " ? "␣" : tokens[id]} ${probs[id].toFixed(3)}`;
      return bar;
    }));
  };

  // Of each part of the page what it does with its form: `fields` by their names, `say` puts a sentence below.
  const parts = {
    ribbon(part, model, fields, say) {
      const ids = lettersOf(fields.line.value, model.tokens), data = ribbonData(model, ids);
      draw(part, "ribbon", data);
      drawNext(part, data.next, model.tokens);
      const settings = { seed: +fields.seed.value, temperature: +fields.temperature.value };
      const start = [model.tokens.indexOf(" "), ...ids];
      const written = network.write(model.params, start, 120, settings).slice(start.length);
      part.querySelector(".written").textContent = written.map((id) => model.tokens[id]).join("");
      say(`A letter of yours surprises it by ${data.rows[0].mean} bits on average.`);
    },
    microscope(part, model, fields, say) {
      const data = microscopeData(model, lettersOf(fields.line.value, model.tokens));
      draw(part, "microscope", data);
      say(`${data.tokens.length} letters read.`);
    },
    translator(part, model, fields, say) {
      const most = 16, found = translated(model, wordsOf(fields.name.value, model.source, most), most);
      const french = found.written.join(" ");
      if (french) draw(part, "alignment", found.alignment);
      part.querySelector("figure.alignment").hidden = !french;
      draw(part, "beam", found.beam);
      say(french ? `In French: ${french}` : "It ends at once: it has no word for this.");
    },
    tunes(part, model, fields, say) {
      const [dance, metre] = fields.order.value.split(", ");
      const order = [`<${dance}>`, `<${metre}>`].map((token) => model.tokens.indexOf(token));
      const eos = model.tokens.indexOf("<eos>");
      const settings = { seed: +fields.seed.value, temperature: +fields.temperature.value, topP: 0.8, eos };
      const written = network.write(model.params, order, 384, settings).slice(2);
      const signs = written.filter((id) => id !== eos).map((id) => model.tokens[id]);
      part.querySelector(".abc").textContent = abcOf(signs, dance, metre);
      part.notes = [];
      part.notes = notesOf(signs, metre);
      say(`A ${dance} of ${part.notes.length} notes.`);
    },
  };

  const load = (address, name) => new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = address;
    script.addEventListener("load", () => {
      const { params, about } = network.open(networks[name]);
      const vocabularies = Object.entries(about).map(([key, text]) => [key, JSON.parse(text)]);
      resolve({ params, ...Object.fromEntries(vocabularies) });
    });
    script.addEventListener("error", () => reject(new Refusal("The network's weights do not arrive: try it again.")));
    document.head.append(script);
  });

  // A button that plays the part's notes, and stops.
  const bringPlayer = (part) => {
    const button = part.querySelector(".play");
    let context = null;
    const stop = () => {
      context?.close();
      context = null;
      button.textContent = "Play";
    };
    button.addEventListener("click", () => {
      if (context) return stop();
      const own = (context = new AudioContext());
      button.textContent = "Stop";
      setTimeout(() => { if (context === own) stop(); }, 1000 * pluck(context, part.notes));
    });
    return { stop, allow: () => { button.disabled = part.notes.length === 0; } };
  };

  const bringToLife = (part) => {
    const form = part.querySelector("form"), said = part.querySelector(".said");
    const player = part.querySelector(".play") && bringPlayer(part);
    const say = (sentence, isRefusal = false) => {
      said.textContent = sentence;
      said.classList.toggle("refused", isRefusal);
    };
    let model = null, later = 0;
    const compute = async () => {
      clearTimeout(later);
      player?.stop();
      try {
        if (!model) say("The network is on its way …");
        model ??= load(part.dataset.weights, part.dataset.network);
        const ready = await model.catch((error) => {
          model = null;  // the next time may be better
          throw error;
        });
        parts[part.dataset.part](part, ready, form.elements, say);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        say(error.message, true);
      }
      player?.allow();
    };
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      compute();
    });
    form.addEventListener("input", () => {
      clearTimeout(later);
      later = setTimeout(compute, 300);
    });
    for (const example of part.querySelectorAll(".example"))
      example.addEventListener("click", () => {
        form.querySelector("input").value = example.textContent;
        compute();
      });
    for (const hidden of part.querySelectorAll(".with-script")) hidden.hidden = false;
    // A network is fetched when its part is well in view, or is entered by keys.
    const first = () => { if (!model) compute(); };
    new IntersectionObserver(([{ isIntersecting }]) => { if (isIntersecting) first(); }, { rootMargin: "0px 0px -35%" })
      .observe(part);
    form.addEventListener("focusin", first);
  };

  for (const part of document.querySelectorAll(".try")) bringToLife(part);

  return { notesOf, pluck, recorded };  // for the tests
})();

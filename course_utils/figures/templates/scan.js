bring("scan", (live, data) => {
  const { rounds, logs, product, divided, h, lowest } = data;
  const T = rounds[0][0].length, L = logs.length;
  const WIDTH = 70, ACROSS = 82, HEIGHT = 40, DOWN = 72, LEFT = 62, TOP = 24;
  const tree = live.querySelector(".tree"), table = live.querySelector(".numbers");
  const [byRound, byStep] = live.querySelectorAll(".by-round, .by-step");
  let r = 0, chosen = T - 1;
  // The first step, counted from 0, that is in step t after a round.
  const first = (t, round) => Math.max(0, t + 1 - 2 ** round);
  const span = (t, round) => (first(t, round) === t ? `${t + 1}` : `${first(t, round) + 1} to ${t + 1}`);
  const parents = (t, round) => [t, t - 2 ** (round - 1)].filter((from) => from >= 0);
  const size = (svg, width, height) => {
    for (const [name, value] of [["width", width], ["height", height], ["viewBox", `0 0 ${width} ${height}`]])
      svg.setAttribute(name, value);
  };
  const draw = () => {
    const held = [];  // of each round, what leads to the chosen step
    held[r] = new Set([chosen]);
    for (let s = r; s > 0; s--) held[s - 1] = new Set([...held[s]].flatMap((t) => parents(t, s)));
    const x = (t) => LEFT + t * ACROSS, middle = (t) => x(t) + WIDTH / 2, y = (s) => TOP + s * DOWN;
    size(tree, x(T), y(rounds.length - 1) + HEIGHT + 4);
    tree.replaceChildren();
    for (let t = 0; t < T; t++) tree.append(drawn("text", { class: "middle quiet", x: middle(t), y: 14 }, `step ${t + 1}`));
    for (let s = 0; s <= r; s++) {
      tree.append(drawn("text", { class: "quiet", x: 0, y: y(s) + 24 }, s ? `round ${s}` : "start"));
      const [a, b] = rounds[s];
      for (let t = 0; t < T; t++) {
        const whole = first(t, s) === 0;
        const node = drawn("g", { class: `node${whole ? " whole" : ""}${held[s].has(t) ? " held" : ""}`, "data-t": t },
          drawn("title", {}, `step ${span(t, s)}`));
        for (const from of s ? parents(t, s) : [])
          node.append(drawn("path", { d: `M${middle(from)} ${y(s - 1) + HEIGHT} L${middle(t)} ${y(s)}` }));
        node.append(
          drawn("rect", { class: "box", x: x(t), y: y(s), width: WIDTH, height: HEIGHT, rx: 5 }),
          drawn("text", { class: "factor", x: middle(t), y: y(s) + 16 }, `a ${digits(a[t], 3)}`),
          drawn("text", { class: "sum", x: middle(t), y: y(s) + 32 }, `${whole ? "h" : "b"} ${digits(b[t], 3)}`));
        tree.append(node);
      }
    }
    const view = tree.parentElement;
    view.scrollLeft = x(chosen) + WIDTH - view.clientWidth;  // the chosen step is in sight
  };
  const tell = () => {
    const [a, b] = rounds[r], at = first(chosen, r);
    const told = at === 0
      ? `Step ${chosen + 1} has all from step 1 on in it: h = ${digits(b[chosen], 4)}`
      : `Step ${chosen + 1} has ${at === chosen ? "only itself" : `steps ${span(chosen, r)}`} in it: ` +
        `h = ${digits(a[chosen], 4)} × (h after step ${at}) ${b[chosen] < 0 ? "−" : "+"} ${digits(Math.abs(b[chosen]), 4)}`;
    live.querySelector(".told").textContent = told;
    table.replaceChildren(
      element("thead", {}, element("tr", {}, ...["step", "in it", "a", "b"].map((head) => element("th", { scope: "col" }, head)))),
      element("tbody", {}, ...a.map((value, t) => element("tr", {},
        element("th", { scope: "row" }, t + 1), element("td", {}, span(t, r)),
        element("td", {}, digits(value, 6)), element("td", {}, digits(b[t], 6))))));
    const name = r ? `Round ${r} of ${rounds.length - 1}` : "Start";
    byRound.querySelector(".place").textContent = name;
    byRound.querySelector("input").setAttribute("aria-valuetext", `${name}: ${told}`);
    byStep.querySelector(".place").textContent = `Step ${chosen + 1} of ${T}`;
    byStep.querySelector("input").setAttribute("aria-valuetext", told);
  };
  const goToRound = slider(byRound, rounds.length - 1, (place) => {
    r = place;
    draw();
    tell();
  });
  const goToStep = slider(byStep, T - 1, (place) => {
    chosen = place;
    goToRound(r);
  });
  goToStep(T - 1);
  tree.addEventListener("click", (event) => {
    const node = event.target.closest(".node");
    if (node) goToStep(+node.dataset.t);
  });

  const picture = live.querySelector(".product"), long = live.querySelector(".long");
  const SIDE = 560, TALL = 150, x = (t) => 40 + (SIDE - 50) * t / (L - 1), y = (log) => 10 + (TALL - 20) * log / (lowest - 1);
  size(picture, SIDE, TALL);
  const dot = drawn("circle", { r: 5 });
  picture.append(
    drawn("path", { d: "M" + logs.map((log, t) => `${x(t)} ${y(log)}`).join(" L") }),
    drawn("path", { class: "end", d: `M40 ${y(lowest)} H${SIDE - 10}` }),
    drawn("text", { class: "quiet", x: 0, y: 14 }, "1"),
    drawn("text", { class: "quiet", x: 0, y: y(lowest) - 4 }, `1e−45: below, float32 has only 0`), dot);
  const cells = ["their product, in float32", "h, dividing by it", "h, by the scan"].map((label) => {
    const row = long.insertRow();
    row.append(element("th", { scope: "row" }, label));
    return row.insertCell();
  });
  const byFactor = live.querySelector(".by-factor");
  slider(byFactor, L - 1, (t) => {
    dot.setAttribute("cx", x(t));
    dot.setAttribute("cy", y(logs[t]));
    [product[t], divided[t], digits(h[t], 5)].forEach((words, i) => { cells[i].textContent = words; });
    byFactor.querySelector(".place").textContent = `Factor ${t + 1} of ${L}`;
    byFactor.querySelector("input").setAttribute("aria-valuetext",
      `factor ${t + 1} of ${L}: product ${product[t]}; h, dividing by it, ${divided[t]}; by the scan ${digits(h[t], 5)}`);
  });
});
})();

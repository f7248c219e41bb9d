bring("beam", (live, data) => {
  const { marks, widths, searches } = data;
  const WIDTH = 116, ACROSS = 148, HEIGHT = 36, DOWN = 42, LEFT = 44;
  const shown = (token) => (token === "" ? "waits" : token.replaceAll(" ", "␣"));
  const short = (text) => (text.length > 9 ? text.slice(0, 8) + "…" : text);
  const tree = live.querySelector(".tree");
  const [byWidth, byStep] = live.querySelectorAll(".by-width, .by-step");
  let w = 0, t = 0;
  // The tokens of the beginning that ends at a place of a step.
  const beginning = (steps, s, i) => {
    const [token, parent] = steps[s][i];
    const before = s > 0 ? beginning(steps, s - 1, parent) : [];
    return token === "" ? before : [...before, shown(token)];
  };
  const draw = (steps) => {
    const rows = Math.max(...steps.map((step) => step.length));
    const x = (s) => LEFT + s * ACROSS;
    const y = (s, i) => (s < 0 ? rows * DOWN / 2 : (rows - steps[s].length) * DOWN / 2 + (i + 0.5) * DOWN);
    const held = [];  // of each step, what the beginnings that are kept now go on from
    held[t] = new Set([...steps[t].keys()].filter((i) => steps[t][i][5] !== "dropped"));
    for (let s = t; s > 0; s--) held[s - 1] = new Set([...held[s]].map((i) => steps[s][i][1]));
    const full = x(steps.length - 1) + WIDTH + 4;
    for (const [name, value] of [["width", full], ["height", rows * DOWN], ["viewBox", `0 0 ${full} ${rows * DOWN}`]])
      tree.setAttribute(name, value);
    tree.replaceChildren(drawn("text", { x: 0, y: y(-1, 0) + 4 }, "start"));
    steps.slice(0, t + 1).forEach((step, s) => step.forEach(([token, parent, prob, , score, outcome], i) => {
      const left = s > 0 ? x(s - 1) + WIDTH : LEFT - 10, top = y(s, i) - HEIGHT / 2;
      const text = marks[outcome] + short(shown(token));
      tree.append(drawn("g", { class: `${outcome}${held[s].has(i) ? " held" : ""}` },
        drawn("title", {}, beginning(steps, s, i).join(" ")),
        drawn("path", { d: `M${left} ${y(s - 1, parent)} L${x(s)} ${y(s, i)}` }),
        drawn("rect", { class: "bar", x: x(s), y: top + HEIGHT - 5, width: WIDTH * prob, height: 5 }),
        drawn("rect", { class: "box", x: x(s), y: top, width: WIDTH, height: HEIGHT, rx: 5 }),
        drawn("text", { x: x(s) + 7, y: top + 15 }, text),
        drawn("text", { class: "right", x: x(s) + WIDTH - 7, y: top + 15 }, digits(prob, 3)),
        drawn("text", { class: "right small", x: x(s) + WIDTH - 7, y: top + 29 }, digits(score, 3))));
    }));
    const view = tree.parentElement;
    view.scrollLeft = x(t) + WIDTH + 4 - view.clientWidth;  // the last column drawn is in sight
  };
  const tell = (steps) => {
    const step = steps[t];
    const heads = ["", "beginning", "probability of its last token", "log P", "score"].map((head) => element("th", { scope: "col" }, head));
    const rows = [...step.keys()].sort((i, j) => step[j][4] - step[i][4]).map((i) => element("tr", {},
      element("td", {}, marks[step[i][5]] + step[i][5]),
      element("th", { scope: "row" }, beginning(steps, t, i).join(" ")),
      ...step[i].slice(2, 5).map((number) => element("td", {}, digits(number, 5)))));
    live.querySelector(".numbers").replaceChildren(
      element("thead", {}, element("tr", {}, ...heads)), element("tbody", {}, ...rows));
    const number = (outcome) => step.filter((one) => one[5] === outcome).length;
    const best = [...step.keys()].filter((i) => step[i][5] !== "dropped").reduce((a, b) => (step[b][4] > step[a][4] ? b : a));
    const words = beginning(steps, t, best).join(" "), p = digits(Math.exp(step[best][3]), 4);
    const told = `${t === steps.length - 1 ? "The search ends with" : "Best so far"}: ${words}, probability ${p}`;
    live.querySelector(".told").textContent = told;
    byStep.querySelector(".place").textContent = `Step ${t + 1} of ${steps.length}`;
    byWidth.querySelector(".place").textContent = `Width ${widths[w]}`;
    byWidth.querySelector("input").setAttribute("aria-valuetext", `width ${widths[w]}`);
    byStep.querySelector("input").setAttribute("aria-valuetext",
      `step ${t + 1} of ${steps.length}: ${number("kept")} kept, ${number("finished")} finished, ${number("dropped")} dropped; ${told}`);
  };
  const goTo = slider(byStep, searches[0].length - 1, (place) => {
    t = place;
    draw(searches[w]);
    tell(searches[w]);
  });
  slider(byWidth, widths.length - 1, (place) => {
    w = place;
    byStep.querySelector("input").max = searches[w].length - 1;
    goTo(t);
  });
});
})();

bring("microscope", (live, data) => {
  const { tokens, cells, groups, means, values } = data;
  const T = tokens.length;
  const TITLES = { F: "forget gate F", C: "memory, as tanh(C)", I: "input gate I", O: "output gate O" };
  const shown = (token) => (token === " " ? "␣" : token);
  const maps = live.querySelector(".maps");
  maps.style.gridTemplateColumns = `max-content repeat(${T}, minmax(9px, 1fr))`;
  const row = (label, make, cell = "") => {
    maps.append(element("span", { class: "row" }, label, element("span", {}, cell)));
    for (let t = 0; t < T; t++) {
      const square = make(t);
      square.dataset.t = t;
      square.classList.toggle("space", tokens[t] === " ");
      maps.append(square);
    }
  };
  const letters = () => row("", (t) => element("span", { class: "letter" }, shown(tokens[t])));
  const square = (name, v) => {
    const made = element("span", { class: name === "C" ? "signed" : "gate" });
    if (name === "C") {
      made.style.background = signed(v);
      if (v < -0.1) made.append(element("span", { class: v < -0.92 ? "strong" : "weak" }, "−"));
    } else made.style.setProperty("--v", v);
    return made;
  };
  const draw = (names) => {
    maps.replaceChildren();
    letters();
    for (const name of names) {
      maps.append(element("span", { class: "wide-row" }, TITLES[name]));
      row(name === "C" ? "mean of |tanh(C)|" : "mean of all cells", (t) => {
        const bar = element("span", { class: name === "C" ? "bar signed-bar" : "bar" });
        bar.style.setProperty("--v", means[name][t]);
        return bar;
      });
      groups.forEach(([label, first, last]) => {
        maps.append(element("span", { class: "gap" }));
        for (let i = first; i < last; i++)
          row(i === first ? label : "", (t) => square(name, values[name][t][i]), cells[i]);
      });
    }
    letters();
  };
  const table = live.querySelector(".numbers");
  const line = (name, numbers) =>
    element("tr", {}, element("th", { scope: "row" }, name), ...numbers.map((v) => element("td", {}, digits(v, 5))));
  const show = (t) => {
    for (const one of maps.querySelectorAll("[data-t]")) one.classList.toggle("now", +one.dataset.t === t);
    const view = maps.parentElement, column = maps.querySelector(`[data-t="${t}"]`);
    const hidden = column.offsetLeft - view.scrollLeft;  // on a narrow page the line scrolls along
    if (hidden < view.clientWidth * 0.4 || hidden > view.clientWidth * 0.9) view.scrollLeft = column.offsetLeft - view.clientWidth * 0.6;
    const heads = ["cell", "F", "I", "O", "tanh(C)"].map((head) => element("th", { scope: "col" }, head));
    const numbers = groups.flatMap(([label, first, last]) =>
      cells.slice(first, last).map((cell, i) =>
        line(`${label.split(" ")[0]} ${cell}`, ["F", "I", "O", "C"].map((name) => values[name][t][first + i]))));
    const all = line("mean of all", ["F", "I", "O", "C"].map((name) => means[name][t]));
    table.replaceChildren(element("thead", {}, element("tr", {}, ...heads)), element("tbody", {}, all, ...numbers));
    const place = `Letter ${t + 1} of ${T}: ${tokens[t] === " " ? "space" : tokens[t]}; mean of F ${digits(means.F[t], 2)}`;
    live.querySelector(".place").textContent = place;
    live.querySelector("input").setAttribute("aria-valuetext", place);
  };
  draw(["F", "C"]);
  const go = slider(live, T - 1, show);
  maps.addEventListener("pointerover", (event) => {
    const at = event.target.closest("[data-t]");
    if (at) go(+at.dataset.t);
  });
  modes(live, (i) => {
    draw([["F", "C"], ["I", "O"]][i]);
    show(+live.querySelector("input").value);
  });
});
})();

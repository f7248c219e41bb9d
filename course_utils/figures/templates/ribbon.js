bring("ribbon", (live, data) => {
  const { letters, rows, most } = data;
  const T = letters.length;
  const shown = (letter) => (letter === " " ? "␣" : letter);
  let mattered = false;
  const lines = rows.map(({ name, mean }) => {
    const line = element("div", { class: "letters", "aria-hidden": "true" });
    letters.forEach((letter, t) =>
      line.append(element("span", { "data-t": t, class: letter === " " ? "space" : "" }, shown(letter))));
    live.querySelector(".rows").append(
      element("div", {}, element("span", { class: "name" }, name), element("span", { class: "hint" }, `${mean} bits a letter`)), line);
    return [...line.children];
  });
  const table = live.querySelector(".numbers");
  // The three likeliest letters, or the three that mattered most, of a row at a place.
  const told = (row, t) => mattered
    ? row.mattered[t].map(([s, value]) => `${shown(letters[s])} ${t - s} back ${digits(value, 5)}`)
    : row.likeliest[t].map(([token, p]) => `${shown(token)} ${digits(p, 5)}`);
  const show = (t) => {
    live.classList.toggle("mattered", mattered);
    live.querySelector(".from").textContent = mattered ? "not at all" : "expected";
    live.querySelector(".to").textContent = mattered ? "most" : `${most} bits or more`;
    lines.forEach((line, i) => line.forEach((span, s) => {
      const share = mattered ? parseInt(rows[i].share[t][s] ?? 0, 36) / 35 : Math.min(1, rows[i].bits[s] / most);
      span.style.setProperty("--v", share);
      span.classList.toggle("now", s === t);
    }));
    const heads = ["model", "bits", mattered ? "mattered most" : "likeliest, with probability"];
    const head = element("tr", {}, ...heads.map((words) => element("th", { scope: "col" }, words)));
    const body = rows.map((row) => {
      const words = element("td", {}, ...told(row, t).map((one) => element("span", {}, one)));
      return element("tr", {}, element("th", { scope: "row" }, row.name), element("td", {}, digits(row.bits[t], 5)), words);
    });
    table.replaceChildren(element("thead", {}, head), element("tbody", {}, ...body));
    const place = `Letter ${t + 1} of ${T}: ${letters[t] === " " ? "space" : letters[t]}`;
    live.querySelector(".place").textContent = place;
    const spoken = rows.map((row) => `${row.name} ${digits(row.bits[t], 2)} bits`).join(", ");
    live.querySelector("input").setAttribute("aria-valuetext", `${place}; ${spoken}`);
  };
  const go = slider(live, T - 1, show);
  live.querySelector(".rows").addEventListener("pointerover", (event) => {
    if (event.target.dataset.t) go(+event.target.dataset.t);
  });
  modes(live, (i) => {
    mattered = i === 1;
    show(+live.querySelector("input").value);
  });
});
})();

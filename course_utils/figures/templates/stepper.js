bring("stepper", (live, data) => {
  const { inputs, rows, names, values } = data;
  const T = values.X.length;
  const short = (name, vector) =>
    name === "X" ? vector.map((v) => String(v).replace("-", "−")).join(", ") : vector.map((v) => digits(v, 3)).join("\u2002");
  const strip = live.querySelector(".strip");
  strip.style.gridTemplateColumns = `max-content repeat(${T}, minmax(2.9em, 1fr))`;
  const most = Math.max(1, ...rows.flatMap(([, name, unit]) => values[name].map((v) => Math.abs(v[unit]))));
  strip.append(element("span", { class: "row head" }, "step"));
  for (let t = 0; t < T; t++) strip.append(element("span", { class: "head", "data-t": t }, t + 1));
  for (const [label, name, unit] of rows) {
    strip.append(element("span", { class: "row" }, label));
    values[name].forEach((vector, t) => {
      const v = vector[unit];
      const square = element("span", { "data-t": t }, name === "X" ? short("X", [v]) : digits(v, 2));
      square.style.background = signed((0.5 * v) / most);
      strip.append(square);
    });
  }
  const table = live.querySelector(".numbers");
  const cells = Object.entries(names).map(([name, label]) => {
    const row = table.insertRow();
    row.append(element("th", { scope: "row" }, label));
    return [name, row.insertCell()];
  });
  const go = slider(live, T - 1, (t) => {
    for (const slot of live.querySelectorAll("[data-value]"))
      slot.textContent = short(slot.dataset.value, values[slot.dataset.value][t]);
    for (const [name, cell] of cells) cell.textContent = values[name][t].map((v) => digits(v, 6)).join(",  ");
    for (const square of strip.querySelectorAll("[data-t]")) square.classList.toggle("now", +square.dataset.t === t);
    const read = inputs.map((name, i) => `${name} ${String(values.X[t][i]).replace("-", "−")}`).join(", ");
    live.querySelector(".place").textContent = `Step ${t + 1} of ${T}`;
    const state = rows.filter(([, name]) => name !== "X").map(([label, name, unit]) => `${label} ${digits(values[name][t][unit], 3)}`);
    live.querySelector("input").setAttribute("aria-valuetext", `step ${t + 1} of ${T}: ${read}; ${state.join(", ")}`);
  });
  strip.addEventListener("click", (event) => {
    if (event.target.dataset.t) go(+event.target.dataset.t);
  });
});
})();

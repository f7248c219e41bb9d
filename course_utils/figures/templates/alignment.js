bring("alignment", (live, data) => {
  const { names } = data;
  const [byName, byWord] = live.querySelectorAll(".by-name, .by-word");
  const map = live.querySelector(".map");
  let n = 0;
  // A column for each word read, a row for each word written; all of a row knows which it is.
  const draw = ({ read, written, weights }) => {
    map.style.gridTemplateColumns = `max-content repeat(${read.length}, minmax(3.2em, max-content))`;
    map.replaceChildren(element("span", { class: "corner" }), ...read.map((word) => element("span", { class: "read" }, word)));
    written.forEach((word, t) => map.append(
      element("span", { class: "written", "data-t": t }, word),
      ...weights[t].map((weight) => element("span", { class: "weight", "data-t": t, style: `--v: ${weight}` }, digits(weight, 2)))));
    const head = element("tr", {}, element("th", { scope: "col" }, "written"), ...read.map((word) => element("th", { scope: "col" }, word)));
    const body = written.map((word, t) => element("tr", {}, element("th", { scope: "row" }, word),
      ...weights[t].map((weight) => element("td", {}, digits(weight, 5)))));
    live.querySelector(".numbers").replaceChildren(element("thead", {}, head), element("tbody", {}, ...body));
  };
  const goTo = slider(byWord, names[0].written.length - 1, (t) => {
    const { name, read, written, weights } = names[n];
    if (map.dataset.n !== String(n)) {
      map.dataset.n = n;
      draw(names[n]);
    }
    for (const one of map.querySelectorAll("[data-t]")) one.classList.toggle("now", +one.dataset.t === t);
    const looked = [...read.keys()].sort((a, b) => weights[t][b] - weights[t][a]).slice(0, 3)
      .filter((s) => weights[t][s] >= 0.005).map((s) => `${read[s]} ${digits(weights[t][s], 2)}`).join(", ");
    const place = `Word ${t + 1} of ${written.length}: ${written[t]} ← ${looked}`;
    live.querySelector(".place.word").textContent = place;
    byWord.querySelector("input").setAttribute("aria-valuetext", place);
    const whole = `Name ${n + 1} of ${names.length}: ${name} → ${written.join(" ")}`;
    live.querySelector(".place.name").textContent = whole;
    byName.querySelector("input").setAttribute("aria-valuetext", whole);
  });
  slider(byName, names.length - 1, (i) => {
    n = i;
    byWord.querySelector("input").max = names[n].written.length - 1;
    goTo(0);
  });
  for (const event of ["pointerover", "click"]) map.addEventListener(event, ({ target }) => {
    if (target.dataset.t) goTo(+target.dataset.t);
  });
});
})();

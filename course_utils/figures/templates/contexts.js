bring("contexts", (live, data) => {
  const { names, tones, points, shapes, changes, translations } = data;
  const map = live.querySelector(".map");
  const mark = (tone, attributes = {}) =>
    drawn("path", { class: "mark", d: shapes[tone][2], fill: shapes[tone][1], ...attributes });
  shapes.forEach(([tone], i) => {
    const sample = drawn("svg", { viewBox: "-8 -8 16 16", "aria-hidden": "true" }, mark(i));
    live.querySelector(".legend").append(element("span", {}, sample, tone));
  });
  // From the plane of the contexts to the drawing: all points, and where the changes lead, are in it.
  const all = points.flatMap(([x, y]) => changes.map(([, [dx, dy]]) => [x + dx, y + dy]));
  const [left, right, low, high] = [0, 1].flatMap((axis) => {
    const values = all.map((one) => one[axis]);
    return [Math.min(...values), Math.max(...values)];
  });
  const scale = Math.min(456 / (right - left || 1), 316 / (high - low || 1));
  const place = ([x, y]) => [240 + scale * (x - (left + right) / 2), 170 - scale * (y - (low + high) / 2)];
  const places = points.map(place);
  places.forEach(([x, y], i) => map.append(mark(tones[i], { transform: `translate(${x} ${y})`, "data-i": i })));
  const ring = drawn("circle", { class: "ring", r: 11 }), way = drawn("path", { class: "way" });
  map.append(way, ring);
  let picked = 0, change = 0;
  const group = live.querySelector(".changes");
  changes.forEach(([label], i) => group.append(
    element("button", { type: "button", class: "mode", "aria-pressed": i === 0 }, label || "as it is")));
  const read = (c) => `${names[picked]} ${changes[c][0]}`.trim();
  const show = () => {
    const [x, y] = places[picked], [dx, dy] = changes[change][1];
    const [u, v] = place([points[picked][0] + dx, points[picked][1] + dy]);
    ring.setAttribute("transform", `translate(${x} ${y})`);
    way.setAttribute("d", change ? `M${x} ${y}L${u} ${v}M${u - 6} ${v - 6}l12 12m0 -12l-12 12` : "");
    const found = translations[change][picked];
    live.querySelector(".place").replaceChildren(`${read(change)} →`, element("b", {}, found));
    live.querySelector("input").setAttribute("aria-valuetext",
      `name ${picked + 1} of ${names.length}: ${read(change)}, ${shapes[tones[picked]][0]}; translation: ${found}`);
    live.querySelector(".numbers").replaceChildren(...changes.map((_, c) => element("tr", {},
      element("th", { scope: "row" }, read(c)), element("td", {}, translations[c][picked]))));
  };
  const go = slider(live, names.length - 1, (i) => {
    picked = i;
    show();
  });
  map.addEventListener("click", (event) => {  // the nearest point: they are small
    const { left, top, width } = map.getBoundingClientRect();
    const far = ([x, y]) => Math.hypot(x - (event.clientX - left) * 480 / width, y - (event.clientY - top) * 480 / width);
    go(places.reduce((best, one, i) => (far(one) < far(places[best]) ? i : best), 0));
  });
  modes(live, (i) => {
    change = i;
    show();
  });
});
})();

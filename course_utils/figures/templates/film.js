bring("film", (live, data) => {
  const { width, frames, classes, beliefs } = data;
  const T = frames.length, PAUSE = 700;  // milliseconds from frame to frame
  const picture = live.querySelector(".picture");
  picture.style.gridTemplateColumns = `repeat(${width}, 1fr)`;
  const pixels = frames[0].map(() => picture.appendChild(element("span", {})));
  const longest = Math.max(...classes.map((one) => one.length));
  live.style.setProperty("--names", `${longest + 3}ch`);  // bars do not move where a name becomes bold
  const tables = beliefs.map(([name]) => {
    const table = live.querySelector(".beliefs").appendChild(element("table", {}, element("caption", {}, name)));
    return classes.map((one) => {
      const row = table.insertRow();
      const bar = element("span", {});
      row.append(element("th", { scope: "row" }, one), element("td", { class: "bar", "aria-hidden": "true" }, bar), element("td", {}));
      return row;
    });
  });
  const show = (t) => {
    pixels.forEach((pixel, i) => pixel.style.setProperty("--v", frames[t][i]));
    const told = beliefs.map(([name, first, values], b) => {
      const row = values[t - first];  // none before the first
      const most = row && row.indexOf(Math.max(...row));
      classes.forEach((_, k) => {
        tables[b][k].classList.toggle("most", k === most);
        tables[b][k].querySelector("span").style.setProperty("--v", row ? row[k] : 0);
        tables[b][k].lastChild.textContent = row ? digits(row[k], 3) : "–";
      });
      return row ? `${name}: ${classes[most]} ${digits(row[most], 2)}` : `${name}: nothing yet`;
    });
    const place = `Frame ${t + 1} of ${T}`;
    live.querySelector(".place").textContent = place;
    picture.setAttribute("aria-label", place);
    live.querySelector("input").setAttribute("aria-valuetext", `${place}; ${told.join("; ")}`);
  };
  const go = slider(live, T - 1, show);
  const play = live.querySelector(".play"), at = () => +live.querySelector("input").value;
  let clock = null;
  const stop = () => {
    clearTimeout(clock);
    clock = null;
    play.textContent = "▶ Play";
    play.setAttribute("aria-pressed", "false");
  };
  const on = () => {
    go(at() + 1);
    if (at() < T - 1 && live.isConnected) clock = setTimeout(on, PAUSE);
    else stop();
  };
  play.addEventListener("click", () => {
    if (clock !== null) return stop();
    if (at() === T - 1) go(0);
    play.textContent = "❚❚ Pause";
    play.setAttribute("aria-pressed", "true");
    clock = setTimeout(on, PAUSE);
  });
});
})();

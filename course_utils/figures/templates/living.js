(() => {
// A number as it is read: a true minus, no minus before zero.
const digits = (value, places) => {
  const text = value.toFixed(places).replace("-", "−");
  return /[1-9]/.test(text) ? text : text.replace("−", "");
};
// A signed value between −1 and 1 as a colour: brown, white at zero, teal.
const signed = (value) => {
  const share = Math.round(Math.min(1, Math.abs(value)) * 85);
  return `color-mix(in oklab, var(--${value < 0 ? "negative" : "positive"}) ${share}%, var(--paper))`;
};
const element = (name, attributes, ...children) => {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
};
// The same for a part of a drawing.
const drawn = (name, attributes, ...children) => {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
};
// Each figure of this kind that is not alive yet and has its data: JupyterLab takes scripts from what it does not trust.
const bring = (kind, start) => {
  for (const data of document.querySelectorAll(`figure.${kind}:not([data-alive]) > script[type="application/json"]`)) {
    const figure = data.parentElement;
    figure.dataset.alive = "";
    start(figure.querySelector(".live"), JSON.parse(data.textContent));
    // JupyterLab would take the arrow keys: it asks the focused element itself.
    for (const part of figure.querySelectorAll("input, button, summary, .wide"))
      part.setAttribute("data-lm-suppress-shortcuts", "true");
    const watch = new ResizeObserver(() => {  // what scrolls sideways can be reached by keyboard
      for (const part of figure.querySelectorAll(".wide")) part.tabIndex = part.scrollWidth > part.clientWidth ? 0 : -1;
    });
    watch.observe(figure);
    figure.querySelector(".still").hidden = true;
    figure.querySelector(".live").hidden = false;
  }
};
// A slider with its two buttons: `show(t)` is called with each place, counted from 0.
const slider = (around, last, show) => {
  const range = around.querySelector('input[type="range"]');
  const [back, on] = around.querySelectorAll(".controls .step");
  const go = (t) => {
    range.value = t;  // or the nearest that there is
    show(+range.value);
  };
  range.max = last;
  range.addEventListener("input", () => go(+range.value));
  back.addEventListener("click", () => go(+range.value - 1));
  on.addEventListener("click", () => go(+range.value + 1));
  go(0);
  return go;
};
// The buttons of which one is pressed: `choose(i)` is called with the place of each that is.
const modes = (around, choose) => {
  const buttons = [...around.querySelectorAll(".mode")];
  buttons.forEach((button, i) => button.addEventListener("click", () => {
    buttons.forEach((other, j) => other.setAttribute("aria-pressed", i === j));
    choose(i);
  }));
};

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
// The slider with its two buttons: `show(t)` is called with each place, counted from 0.
const slider = (live, last, show) => {
  const range = live.querySelector('input[type="range"]');
  const [back, on] = live.querySelectorAll(".controls .step");
  const go = (t) => {
    range.value = Math.max(0, Math.min(last, t));
    show(+range.value);
  };
  range.max = last;
  range.addEventListener("input", () => go(+range.value));
  back.addEventListener("click", () => go(+range.value - 1));
  on.addEventListener("click", () => go(+range.value + 1));
  go(0);
  return go;
};

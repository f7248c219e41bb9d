// Keeps the reader's choice of framework, and the place on the page when it is changed.

const PLACE = "place";

/** What names a place: the headings that one has passed, the last one first. */
function passed() {
  return [...document.querySelectorAll("article section[id]")]
    .filter(section => section.getBoundingClientRect().top < innerHeight / 3)
    .map(section => section.id)
    .reverse();
}

/** The heading that is passed last, and how far it is above. */
function place() {
  const ids = passed();
  const top = ids.length ? document.getElementById(ids[0]).getBoundingClientRect().top : 0;
  return { ids, top };
}

function keep(storage, name, value) {
  try { storage.setItem(name, value); } catch { /* a browser that keeps nothing */ }
}

function take(storage, name) {
  try {
    const value = storage.getItem(name);
    storage.removeItem(name);
    return value;
  } catch { return null; }
}

for (const link of document.querySelectorAll(".reading a")) {
  link.addEventListener("click", () => {
    keep(localStorage, "reading", link.dataset.reading);
    keep(sessionStorage, PLACE, JSON.stringify(place()));
  });
}

const kept = take(sessionStorage, PLACE);
if (kept) {
  const { ids, top } = JSON.parse(kept);
  const id = ids.find(each => document.getElementById(each));
  if (id) {
    const offset = id === ids[0] ? top : 0;
    const move = () => scrollBy({ top: document.getElementById(id).getBoundingClientRect().top - offset, behavior: "instant" });
    move();
    addEventListener("load", move);
  }
}

// Figures that are stored without it: what has a name needs a role.
for (const part of document.querySelectorAll(".living .wide[aria-label]:not([role])")) part.setAttribute("role", "group");

// A picture that is moved sideways on a phone is moved by keys, too.
for (const box of document.querySelectorAll(".sideways")) {
  if (box.scrollWidth > box.clientWidth) Object.assign(box, { tabIndex: 0, role: "group", ariaLabel: "Picture" });
}

// Escape puts one back where one opened a sidebar, on a narrow screen.
for (const side of ["primary", "secondary"]) {
  const sidebar = document.getElementById(`pst-${side}-sidebar-modal`);
  const back = () => document.querySelector(`.${side}-toggle`).focus();
  sidebar?.addEventListener("keydown", ({ key }) => {
    if (key === "Escape") sidebar.addEventListener("close", back, { once: true });
  });
}

// Paper shows all answers and all pictures.
addEventListener("beforeprint", () => {
  for (const picture of document.images) picture.loading = "eager";
  for (const details of document.querySelectorAll("article details:not([open])")) details.open = true;
});

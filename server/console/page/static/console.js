// Keeps what a page shows up to date. A part with data-live is taken anew from
// its page when the server says that something has moved; one in which somebody
// is typing, or has opened something, is left alone. Pages work without this file.
"use strict";

const lost = document.getElementById("lost");
let waiting = null;

const inUse = (part) => part.contains(document.activeElement) && document.activeElement.matches("input, select, textarea") || part.querySelector("details[open], input:checked:not([data-default])") !== null;

function refresh() {
  waiting = null;
  for (const part of document.querySelectorAll("[data-live]")) {
    if (!inUse(part)) {
      window.htmx.ajax("GET", location.pathname + location.search, { source: part, target: part, select: "#" + part.id, swap: "outerHTML" });
    }
  }
}

// What comes in a burst is shown once; a page is not asked for more often than
// each two seconds.
const moved = () => { waiting = waiting || setTimeout(refresh, 2000); };

function listen() {
  let began = false;
  const source = new EventSource("/live");
  source.addEventListener("at", () => { lost.hidden = true; began = true; });
  source.addEventListener("moved", moved);
  source.onerror = () => { if (began) lost.hidden = false; };
  window.addEventListener("pagehide", () => source.close(), { once: true });
}

// Where the sections are a strip, the present one is to be seen.
const place = document.querySelector(".places [aria-current]");
if (place) place.closest("nav").scrollLeft = place.offsetLeft - 16;

if (document.querySelector("[data-live]")) listen();
window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

// A form that changes at once what is listed.
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submits]")) event.target.form.requestSubmit();
});
// What a rule for many has left goes on by itself, until it is stopped.
const further = document.querySelector("[data-continues]");
if (further) setTimeout(() => further.requestSubmit(), 800);
for (const button of document.querySelectorAll("[data-prints]")) button.addEventListener("click", () => window.print());
for (const box of document.querySelectorAll("[data-all]")) {
  box.addEventListener("change", () => { for (const one of document.querySelectorAll(box.dataset.all)) one.checked = box.checked; });
}

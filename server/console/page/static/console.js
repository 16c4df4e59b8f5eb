// Keeps what a page shows up to date. A part with data-live is taken anew from
// its page when the server says that something has moved; one in which somebody
// is typing, or has opened something, is left alone. Pages work without this file.
"use strict";

const lost = document.getElementById("lost");
let waiting = null;

const inUse = (part) => part.contains(document.activeElement) && document.activeElement.matches("input, select, textarea") || part.querySelector("details[open], input:checked:not([data-default])") !== null;

function take(part) {
  if (!inUse(part)) {
    window.htmx.ajax("GET", location.pathname + location.search, { source: part, target: part, select: "#" + part.id, swap: "outerHTML" });
  }
}

function refresh() {
  waiting = null;
  document.querySelectorAll("[data-live]").forEach(take);
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
// What no space tells of, such as that a tablet was told something, is asked for
// while it is awaited and somebody looks.
setInterval(() => {
  if (document.visibilityState === "visible") document.querySelectorAll("[data-awaits]").forEach(take);
}, 10_000);
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

// A text to take elsewhere: copied where the browser lets a page do that, or else
// marked, to be copied by hand.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copies]");
  if (!button) return;
  const text = document.querySelector(button.dataset.copies);
  window.getSelection().selectAllChildren(text);
  try {
    await navigator.clipboard.writeText(text.textContent);
    button.textContent = button.dataset.copied;
  } catch { /* it is marked */ }
});

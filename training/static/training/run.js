/* Keeps the page of a run up to date while it is open.

   Every two seconds it posts to the page's poll address, which supervises the run and
   answers the parts of the page as HTML. Only parts that changed are replaced; open
   details stay open, focus and scrolling stay where they are. When the run is over it
   stops. Closing the page changes nothing. */

import { drawCharts } from "../netft/charts.js";

const EVERY_MS = 2000;
const AT_MOST_MS = 30000;

const live = document.querySelector("[data-run]");

/** The state of a part that a replacement would lose. */
function keep(part) {
  const active = part.contains(document.activeElement) ? document.activeElement : null;
  const tail = part.querySelector("[data-tail]");
  return {
    open: [...part.querySelectorAll("details")].map((element) => element.open),
    drawn: part.querySelector(".chart-canvas[data-drawn]") !== null,
    focus: active && [...part.querySelectorAll("button, summary, [tabindex]")].indexOf(active),
    fromEnd: tail ? tail.scrollHeight - tail.scrollTop - tail.clientHeight : 0,
    scroll: tail ? tail.scrollTop : 0,
  };
}

function restore(part, kept, withOpen) {
  if (withOpen) {
    part.querySelectorAll("details").forEach((element, i) => {
      if (i < kept.open.length) element.open = kept.open[i];
    });
  }
  if (kept.focus !== null && kept.focus >= 0) {
    part.querySelectorAll("button, summary, [tabindex]")[kept.focus]?.focus({ preventScroll: true });
  }
  const tail = part.querySelector("[data-tail]");
  // Follow the log, unless somebody has scrolled up to read.
  if (tail) tail.scrollTop = kept.fromEnd < 8 ? tail.scrollHeight : kept.scroll;
}

async function replace(part, html) {
  const kept = keep(part);
  // The drawing takes a moment; the page must not jump meanwhile.
  part.style.minHeight = `${part.offsetHeight}px`;
  part.innerHTML = html;
  if (part.querySelector("figure.chart")) {
    await drawCharts(part);
    restore(part, kept, kept.drawn);
  } else {
    restore(part, kept, true);
  }
  part.style.minHeight = "";
}

async function look() {
  const token = document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";
  const response = await fetch(live.dataset.run, {
    method: "POST",
    headers: { Accept: "application/json", "X-CSRFToken": token },
  });
  if (!response.ok) throw new Error(`The server answered ${response.status}.`);
  const { parts, said, over } = await response.json();
  for (const [name, { html, digest }] of Object.entries(parts)) {
    const part = document.querySelector(`[data-part="${name}"]`);
    if (!part || part.dataset.digest === digest) continue;
    part.dataset.digest = digest;
    await replace(part, html);
  }
  const spoken = live.querySelector("[data-said]");
  if (spoken.textContent !== said) spoken.textContent = said;
  return over;
}

let wait = EVERY_MS;
let timer = 0;

async function tick() {
  clearTimeout(timer);
  if (document.hidden) return;
  const offline = live.querySelector("[data-offline]");
  try {
    const over = await look();
    wait = EVERY_MS;
    offline.hidden = true;
    if (over) return;
  } catch (error) {
    console.error("The run could not be looked at.", error);
    wait = Math.min(2 * wait, AT_MOST_MS);
    offline.hidden = false;
  }
  timer = setTimeout(tick, wait);
}

const tail = document.querySelector("[data-tail]");
if (tail) tail.scrollTop = tail.scrollHeight;
if (live && live.dataset.over === "no") {
  document.addEventListener("visibilitychange", tick);
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-look]")) return;
    event.preventDefault();
    tick();
  });
  timer = setTimeout(tick, EVERY_MS);
}

/* The label desk. Every part also works as a plain form; with this module keys press
   the controls that name them, answers are sent without leaving the page and survive a
   lost connection, what is typed is saved as a draft, and the seat is kept alive. */

import { bindDialogs, bindKeys } from "./desk/keys.js";
import { countActiveTime } from "./desk/clock.js";
import { keepSeat } from "./desk/seat.js";
import { saveDrafts } from "./desk/drafts.js";
import { bindSending, sendPending } from "./desk/sending.js";

let stop = [];

function settle() {
  for (const end of stop) end();
  stop = [];
  const desk = document.querySelector("[data-desk]");
  bindDialogs();
  bindSimilar();
  keepGuidelinesOpen();
  stop.push(bindSending(settle));
  if (!desk) return;
  stop.push(bindKeys(desk), countActiveTime(desk), keepSeat(desk), saveDrafts(desk));
  if (blame()) return;
  document.getElementById("ticket-heading")?.focus({ preventScroll: true });
}

/* A form that came back: to what is wrong in it, wherever that is on the page. */
function blame() {
  const words = document.querySelector("[data-desk] .errorlist");
  if (!words) return false;
  const field = words.closest("fieldset, .field, form");
  const control = field.querySelector("input:not([type=hidden]), select, textarea");
  control.focus({ preventScroll: true });
  words.scrollIntoView({ block: "center" });
  return true;
}

function bindSimilar() {
  const box = document.querySelector("[data-similar]");
  if (!box) return;
  const rows = box.querySelector("[data-similar-rows]");
  box.addEventListener("toggle", async () => {
    if (!box.open || box.dataset.loaded) return;
    try {
      const answer = await fetch(box.dataset.similar);
      if (!answer.ok) return;
      rows.innerHTML = await answer.text();
      box.dataset.loaded = "yes";
    } catch {
      // Offline: the link in its place works once the line is back.
    }
  });
}

/* Whoever reads the guidelines beside one ticket reads them beside the next. */
function keepGuidelinesOpen() {
  const panel = document.querySelector("[data-guidelines]");
  if (!panel) return;
  panel.open = localStorage.getItem("netft-guidelines") === "open";
  panel.addEventListener("toggle", () => {
    localStorage.setItem("netft-guidelines", panel.open ? "open" : "closed");
  });
}

settle();
sendPending(settle);

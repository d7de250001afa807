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
  document.getElementById("ticket-heading")?.focus({ preventScroll: true });
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

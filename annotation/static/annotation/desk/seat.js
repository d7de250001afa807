/* The seat: renewed while its page is open, in view or not, for half an hour after
   it was last touched; let go when the page is closed; counted down on the page. */

import { SIGNS_OF_LIFE } from "./clock.js";

const HEARTBEAT_MS = 60_000;
const SHOWN_EVERY_MS = 5_000;
const FORGOTTEN_AFTER_MS = 30 * 60_000;

export function keepSeat(desk) {
  let touched = Date.now();
  let expires = new Date(desk.dataset.expires);
  let isTakenAway = false;
  const show = () => showLease(expires, isTakenAway);
  const isForgotten = () => Date.now() - touched > FORGOTTEN_AFTER_MS;
  const beat = async () => {
    if (isForgotten()) return;
    try {
      const answer = await fetch(desk.dataset.heartbeat, {
        method: "POST",
        headers: { "X-CSRFToken": token() },
      });
      if (answer.ok || answer.status === 410) {
        const told = await answer.json();
        expires = new Date(told.expires_at ?? 0);
        isTakenAway = told.taken_away ?? false;
      }
    } catch {
      // Offline: the lease runs on and the note tells how long it lasts.
    }
    show();
  };
  const leave = () => {
    const form = new FormData();
    form.set("csrfmiddlewaretoken", token());
    navigator.sendBeacon(desk.dataset.leave, form);
  };
  const alive = () => {
    const wasForgotten = isForgotten();
    touched = Date.now();
    if (wasForgotten) beat();
  };
  const look = () => {
    if (document.hidden) return;
    touched = Date.now();
    beat();
  };
  // A page that comes back within the minute, reloaded or from the history, renews it.
  const back = (event) => (event.persisted ? beat() : null);
  const timers = [setInterval(beat, HEARTBEAT_MS), setInterval(show, SHOWN_EVERY_MS)];
  for (const sign of SIGNS_OF_LIFE) {
    document.addEventListener(sign, alive, { passive: true, capture: true });
  }
  document.addEventListener("visibilitychange", look);
  window.addEventListener("pagehide", leave);
  window.addEventListener("pageshow", back);
  show();
  const soon = expires - Date.now() < HEARTBEAT_MS + SHOWN_EVERY_MS;
  if (soon && expires > Date.now()) beat();
  return () => {
    timers.forEach(clearInterval);
    for (const sign of SIGNS_OF_LIFE) {
      document.removeEventListener(sign, alive, { capture: true });
    }
    document.removeEventListener("visibilitychange", look);
    window.removeEventListener("pagehide", leave);
    window.removeEventListener("pageshow", back);
  };
}

/* Read each time: signing in again in another tab changes it. */
function token() {
  return document.querySelector("[name=csrfmiddlewaretoken]").value;
}

function showLease(expires, isTakenAway) {
  const minutes = Math.ceil((expires - Date.now()) / 60_000);
  const gone = minutes <= 0;
  document.querySelector("[data-taken-away]").hidden = !isTakenAway;
  document.querySelector("[data-expired]").hidden = !gone || isTakenAway;
  const shown = document.querySelector("[data-lease]");
  shown.textContent = gone ? "" : `Seat kept ${minutes} min`;
  shown.classList.toggle("is-short", minutes <= 2);
}

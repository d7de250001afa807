/* Sending without leaving the page. An answer that meets a dead line or a closed
   session is kept in this tab, through reloads, and sent again: the server takes it
   once. Anything else, Undo above all, does harm twice and is never repeated. */

import { postLetter, renewToken, show } from "./letters.js";

const KEY = "netft-pending";
const ANSWERS = ["submit", "skip", "unsure", "flag"];
const AGAIN_MS = [1000, 2000, 4000, 8000, 15_000];
const DEAD = {
  title: "No connection.",
  kept: "Your answer is kept in this tab and sent when the line is back.",
  other: "Reload the page to see whether it was done, or press again.",
};
const REFUSED = {
  title: "You are signed out, or may not do this any more.",
  kept: "Your answer is kept in this tab: sign in again in another tab, then press Try now.",
  other: "Nothing was done: sign in again in another tab, then press again.",
};

let isBusy = false;
let needsToken = false;
let tries = 0;
let timer = null;

export function bindSending(arrived) {
  const onSubmit = (event) => {
    const form = event.target;
    if (!form.matches("form[data-send]")) return;
    event.preventDefault();
    if (isBusy) return;
    const body = new URLSearchParams(new FormData(form, event.submitter));
    const by = document.querySelector("[data-desk-page]")?.dataset.deskPage;
    send({ url: location.pathname, body: body.toString(), by }, arrived);
  };
  const again = () => sendPending(arrived);
  const retry = document.querySelector("[data-retry]");
  document.addEventListener("submit", onSubmit);
  window.addEventListener("online", again);
  retry?.addEventListener("click", again);
  return () => {
    document.removeEventListener("submit", onSubmit);
    window.removeEventListener("online", again);
  };
}

export function sendPending(arrived) {
  const pending = sessionStorage.getItem(KEY);
  if (!pending || isBusy) return;
  // Whoever signed in again meanwhile has another token.
  needsToken = true;
  send(JSON.parse(pending), arrived);
}

async function send(letter, arrived) {
  clearTimeout(timer);
  busy(true);
  let answer = null;
  try {
    const opened = !needsToken || (await renewToken(letter));
    if (opened) answer = await postLetter(letter);
  } catch {
    return wait(letter, arrived);
  } finally {
    busy(false);
  }
  if (answer?.isDesk) took(letter, answer, arrived);
  else refuse(letter);
}

function took(letter, answer, arrived) {
  needsToken = false;
  tries = 0;
  const claim = answering(letter);
  const kept = sessionStorage.getItem(KEY);
  if (claim && kept && answering(JSON.parse(kept)) === claim) {
    sessionStorage.removeItem(KEY);
  }
  show(answer);
  arrived();
  const shown = document.querySelector("[data-desk]")?.dataset.claim;
  // A form that came back with its mistakes has not been taken.
  if (claim && answer.isOk && shown !== claim) {
    sessionStorage.removeItem(`netft-draft-${claim}`);
    sessionStorage.removeItem(`netft-active-${claim}`);
  }
  // Something else was pressed while an answer waited.
  if (sessionStorage.getItem(KEY)) timer = setTimeout(() => sendPending(arrived));
}

/* The line is dead: an answer is sent again by itself. */
function wait(letter, arrived) {
  keep(letter, DEAD);
  if (!sessionStorage.getItem(KEY)) return;
  const pause = AGAIN_MS[Math.min(tries, AGAIN_MS.length - 1)];
  tries += 1;
  timer = setTimeout(() => sendPending(arrived), pause);
}

/* What came is no desk: only signing in helps, and that takes a person. */
function refuse(letter) {
  needsToken = true;
  keep(letter, REFUSED);
}

function keep(letter, words) {
  const isAnswer = answering(letter) !== null;
  if (isAnswer) sessionStorage.setItem(KEY, JSON.stringify(letter));
  const banner = document.querySelector("[data-offline]");
  if (!banner) return;
  banner.querySelector("[data-offline-title]").textContent = words.title;
  banner.querySelector("[data-offline-words]").textContent = isAnswer
    ? words.kept
    : words.other;
  banner.querySelector("[data-retry]").hidden = !sessionStorage.getItem(KEY);
  banner.hidden = false;
}

/* The seat that a letter answers from; null if it is no answer. */
function answering(letter) {
  const form = new URLSearchParams(letter.body);
  return ANSWERS.includes(form.get("action")) ? form.get("claim") : null;
}

function busy(now) {
  isBusy = now;
  document.querySelector("[data-desk]")?.setAttribute("aria-busy", String(now));
}

/* Adjudication: keys press the controls that name them, and Ctrl+Enter sends from
   within the reason. Everything also works without this module. */

import { bindDialogs, bindKeys } from "./desk/keys.js";

const page = document.querySelector("[data-adjudication]");

if (page) {
  document.getElementById("ticket-heading")?.focus({ preventScroll: true });
  bindKeys(page);
  bindDialogs();
  document.querySelector("[data-decision]").addEventListener("keydown", sendByKey);
}

function sendByKey(event) {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  event.currentTarget.requestSubmit();
}

/* The label desk: keys press the controls that name them, the seat is kept alive,
   and the time spent is counted while the page is in view. Everything also works
   without this module. */

const HEARTBEAT_MS = 60_000;
const desk = document.querySelector("[data-desk]");

if (desk) {
  document.getElementById("ticket-heading")?.focus({ preventScroll: true });
  bindKeys();
  bindHelp();
  countSeconds();
  if (desk.dataset.heartbeat) keepSeat();
}

function bindKeys() {
  if (desk.dataset.shortcuts !== "on") return;
  document.addEventListener("keydown", (event) => {
    if (event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
    if (isTyping(event) || document.querySelector("dialog[open]")) return;
    const control = controlFor(event.key);
    if (!control) return;
    event.preventDefault();
    press(control);
  });
}

function isTyping(event) {
  const target = event.target;
  if (target.matches("textarea, select, input[type=text], [contenteditable]")) {
    return true;
  }
  // Enter on a focused button or link already presses that control.
  return event.key === "Enter" && target.matches("button, a, summary");
}

function controlFor(key) {
  for (const control of document.querySelectorAll("[aria-keyshortcuts]")) {
    if (control.getAttribute("aria-keyshortcuts") === key) return control;
  }
  return null;
}

function press(control) {
  control.click();
  if (control.matches("summary")) {
    control.parentElement.querySelector("input[type=text]")?.focus();
  } else if (control.matches("input")) {
    control.focus();
  }
}

function bindHelp() {
  const dialog = document.querySelector("dialog[data-help]");
  const opener = document.querySelector("[data-open-help]");
  opener?.addEventListener("click", () => dialog.showModal());
}

function countSeconds() {
  const field = document.querySelector("[data-seconds]");
  if (!field) return;
  let spent = 0;
  let since = document.hidden ? null : performance.now();
  document.addEventListener("visibilitychange", () => {
    if (document.hidden && since !== null) {
      spent += performance.now() - since;
      since = null;
    } else if (!document.hidden) {
      since = performance.now();
    }
  });
  field.form.addEventListener("submit", () => {
    const current = since === null ? 0 : performance.now() - since;
    field.value = Math.round((spent + current) / 1000);
  });
}

function keepSeat() {
  const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
  let expires = new Date(desk.dataset.expires);
  const beat = async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch(desk.dataset.heartbeat, {
        method: "POST",
        headers: { "X-CSRFToken": token },
      });
      if (answer.ok) expires = new Date((await answer.json()).expires_at);
      if (answer.status === 410) expires = new Date(0);
    } catch {
      // Offline: the lease runs on and the note below tells how long it lasts.
    }
    showLease(expires);
  };
  showLease(expires);
  setInterval(beat, HEARTBEAT_MS);
  document.addEventListener("visibilitychange", beat);
}

function showLease(expires) {
  const minutes = Math.ceil((expires - Date.now()) / 60_000);
  const gone = minutes <= 0;
  document.querySelector("[data-expired]").hidden = !gone;
  document.querySelector("[data-lease]").textContent = gone
    ? ""
    : `Seat kept for ${minutes} min`;
}

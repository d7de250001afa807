/* Keys press the controls that name them in aria-keyshortcuts; dialogs open and close. */

export function bindKeys(area) {
  if (area.dataset.shortcuts !== "on") return () => {};
  const onKey = (event) => {
    if (event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
    if (isTyping(event) || document.querySelector("dialog[open]")) return;
    // Caps Lock changes the letter, not what the key is for.
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const control = controlFor(key);
    if (!control) return;
    event.preventDefault();
    press(control, area);
  };
  document.addEventListener("keydown", onKey);
  return () => document.removeEventListener("keydown", onKey);
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

function press(control, area) {
  control.click();
  if (control.matches("summary")) {
    if (!control.parentElement.open) return;
    control.parentElement.scrollIntoView({ block: "nearest" });
    control.parentElement.querySelector("input[type=text]")?.focus();
  } else if (control.matches("input[type=radio]")) {
    control.focus();
    if (area.dataset.savesAtOnce === "on") {
      document.querySelector("[data-primary]")?.click();
    }
  }
}

export function bindDialogs() {
  for (const opener of document.querySelectorAll("[data-open]")) {
    const name = opener.dataset.open;
    opener.addEventListener("click", () => {
      document.querySelector(`dialog[data-dialog="${name}"]`)?.showModal();
    });
  }
  // One that came open, with what was wrong in it, opens as one that is asked for.
  for (const dialog of document.querySelectorAll("dialog[open]:not(:modal)")) {
    dialog.close();
    dialog.showModal();
  }
  for (const closer of document.querySelectorAll("dialog [data-close]")) {
    closer.addEventListener("click", () => closer.closest("dialog").close());
  }
}

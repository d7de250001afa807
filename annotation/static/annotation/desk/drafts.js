/* Drafts: what is typed is saved a moment later under a version; while the line is
   down it is kept in this tab. Two tabs with different drafts ask which one to keep. */

const PAUSE_MS = 600;
const NAMES = [
  "severity", "root_cause", "response", "confidence", "reason", "flag", "note",
];
const SHOWN = {
  root_cause: "root cause",
  response: "ideal answer",
  reason: "why passed on",
  flag: "what to hide",
};

export function saveDrafts(desk) {
  // The ticket's forms, and the note of whoever stops.
  const area = document.querySelector("#main") ?? document.body;
  const key = `netft-draft-${desk.dataset.claim}`;
  const state = document.querySelector("[data-draft-state]");
  let version = Number(desk.dataset.draftVersion);
  let timer = null;
  let isSaving = false;
  let hasEnded = false;

  const save = async () => {
    timer = null;
    if (isSaving || desk.getAttribute("aria-busy") === "true") return plan();
    const fields = typed(area);
    isSaving = true;
    try {
      const answer = await send(desk.dataset.draft, version, fields);
      const body = await answer.json();
      // The answer was sent meanwhile: the draft has done its work.
      if (hasEnded || answer.status === 410) return;
      if (body.stored) return ask(fields, body.stored);
      version = body.version ?? version;
      if (!answer.ok) return say(body.error?.message ?? "Draft not saved");
      sessionStorage.removeItem(key);
      say("Draft saved");
    } catch {
      if (hasEnded) return;
      sessionStorage.setItem(key, JSON.stringify(fields));
      say("Draft kept in this tab");
      plan(5000);
    } finally {
      isSaving = false;
    }
  };
  const plan = (wait = PAUSE_MS) => {
    clearTimeout(timer);
    timer = setTimeout(save, wait);
  };
  const say = (words) => {
    state.textContent = words;
  };
  const ask = (mine, stored) => {
    const dialog = document.querySelector('dialog[data-dialog="drafts"]');
    list(dialog.querySelector("[data-draft-mine]"), mine);
    list(dialog.querySelector("[data-draft-theirs]"), stored.fields);
    say("Draft not saved: another tab has another");
    for (const button of dialog.querySelectorAll("[data-keep]")) {
      button.onclick = () => {
        // Only a choice rests on the other draft; after Escape the next word asks again.
        version = stored.version;
        if (button.dataset.keep === "theirs") fill(area, stored.fields);
        dialog.close();
        save();
      };
    }
    dialog.showModal();
  };

  // What has not reached the server stays in this tab; only an answer clears it.
  const keep = () => {
    if (timer || isSaving) sessionStorage.setItem(key, JSON.stringify(typed(area)));
  };
  const onInput = (event) => {
    if (NAMES.includes(event.target.name)) plan();
  };
  const kept = sessionStorage.getItem(key);
  if (kept) {
    fill(area, JSON.parse(kept));
    plan(0);
  }
  area.addEventListener("input", onInput);
  window.addEventListener("pagehide", keep);
  return () => {
    keep();
    hasEnded = true;
    clearTimeout(timer);
    area.removeEventListener("input", onInput);
    window.removeEventListener("pagehide", keep);
  };
}

function send(url, version, fields) {
  const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
  return fetch(url, {
    method: "POST",
    headers: { "X-CSRFToken": token, "Content-Type": "application/json" },
    body: JSON.stringify({ version, fields }),
  });
}

function typed(area) {
  const fields = {};
  for (const name of NAMES) {
    const found = [...area.querySelectorAll(`[name="${name}"]`)];
    const chosen = found.find((one) => one.type !== "radio" || one.checked);
    fields[name] = chosen ? chosen.value : "";
  }
  return fields;
}

function fill(area, fields) {
  for (const [name, value] of Object.entries(fields)) {
    for (const control of area.querySelectorAll(`[name="${name}"]`)) {
      if (control.type === "radio") control.checked = control.value === value;
      else control.value = value;
    }
  }
}

function list(into, fields) {
  into.replaceChildren();
  for (const [name, value] of Object.entries(fields)) {
    if (!value) continue;
    const term = document.createElement("dt");
    term.textContent = SHOWN[name] ?? name;
    const words = document.createElement("dd");
    words.textContent = value;
    into.append(term, words);
  }
}

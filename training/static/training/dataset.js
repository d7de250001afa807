/* Follows what goes on with a dataset while its page is open; reloads when it is over.

   A build is looked at; a search for wrong labels is supervised by a POST,
   and every look counts tokens on. */

const EVERY_MS = 1500;
const AT_MOST_MS = 30000;

const token = document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";

function show(card, state) {
  const bar = card.querySelector("progress");
  card.querySelector("[data-words]").textContent = state.words;
  const quiet = card.querySelector("[data-quiet]");
  if (quiet) quiet.hidden = !state.quiet;
  if (state.total) {
    bar.max = state.total;
    bar.value = state.done;
  } else {
    bar.removeAttribute("value");
  }
}

function follow(card) {
  let wait = EVERY_MS;
  let timer = 0;

  async function look() {
    clearTimeout(timer);
    if (document.hidden) return;
    try {
      const response = await fetch(card.dataset.progress, {
        method: card.dataset.method ?? "GET",
        headers: { Accept: "application/json", "X-CSRFToken": token },
      });
      if (!response.ok) throw new Error(`The server answered ${response.status}.`);
      const state = await response.json();
      if (state.over) {
        window.location.reload();
        return;
      }
      show(card, state);
      wait = EVERY_MS;
    } catch (error) {
      console.error("How far it is could not be looked at.", error);
      wait = Math.min(2 * wait, AT_MOST_MS);
    }
    timer = setTimeout(look, wait);
  }

  document.addEventListener("visibilitychange", look);
  timer = setTimeout(look, EVERY_MS);
}

document.querySelectorAll("[data-progress]").forEach(follow);

/* Follows an import while its page is open; reloads when it is over. */

const EVERY_MS = 1500;
const AT_MOST_MS = 30000;

const card = document.querySelector("[data-progress]");
let wait = EVERY_MS;
let timer = 0;

function show(state) {
  const bar = card.querySelector("progress");
  bar.max = Math.max(1, state.total);
  bar.value = state.done;
  card.querySelector("[data-words]").textContent = state.words;
  card.querySelector("[data-quiet]").hidden = !state.quiet;
  for (const tile of document.querySelectorAll("[data-count]")) {
    tile.textContent = state[tile.dataset.count].toLocaleString("en");
  }
}

async function look() {
  clearTimeout(timer);
  if (document.hidden) return;
  try {
    const response = await fetch(card.dataset.progress, { headers: { Accept: "application/json" } });
    if (!response.ok) throw new Error(`The server answered ${response.status}.`);
    const state = await response.json();
    if (state.over) {
      window.location.reload();
      return;
    }
    show(state);
    wait = EVERY_MS;
  } catch (error) {
    console.error("The import could not be looked at.", error);
    wait = Math.min(2 * wait, AT_MOST_MS);
  }
  timer = setTimeout(look, wait);
}

if (card) {
  document.addEventListener("visibilitychange", look);
  timer = setTimeout(look, EVERY_MS);
}

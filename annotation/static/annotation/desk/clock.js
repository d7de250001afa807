/* Active time: counted while the page is in view and was touched within a minute. It
   goes on after a reload; the answer from its seat ends it. */

const IDLE_AFTER_MS = 60_000;
const TICK_MS = 1000;
export const SIGNS_OF_LIFE = ["keydown", "pointerdown", "pointermove", "wheel", "scroll"];

export function countActiveTime(desk) {
  const shown = document.querySelector("[data-clock]");
  const key = `netft-active-${desk.dataset.claim}`;
  let spent = Number(sessionStorage.getItem(key)) || 0;
  let last = performance.now();
  let touched = last;
  const alive = () => {
    touched = performance.now();
  };
  const tick = () => {
    const now = performance.now();
    const isActive = !document.hidden && now - touched < IDLE_AFTER_MS;
    // A closed laptop wakes up with one long tick, which is none of the work.
    if (isActive) spent += Math.min(now - last, 2 * TICK_MS);
    last = now;
    sessionStorage.setItem(key, String(Math.round(spent)));
    show(shown, spent, isActive);
    for (const field of document.querySelectorAll("[data-seconds]")) {
      field.value = Math.round(spent / 1000);
    }
  };
  for (const sign of SIGNS_OF_LIFE) {
    document.addEventListener(sign, alive, { passive: true, capture: true });
  }
  const timer = setInterval(tick, TICK_MS);
  tick();
  return () => {
    clearInterval(timer);
    for (const sign of SIGNS_OF_LIFE) {
      document.removeEventListener(sign, alive, { capture: true });
    }
  };
}

function show(shown, spent, isActive) {
  const seconds = Math.round(spent / 1000);
  const rest = String(seconds % 60).padStart(2, "0");
  const time = `${Math.floor(seconds / 60)}:${rest}`;
  shown.textContent = isActive ? `Active ${time}` : `Active ${time}, paused while idle`;
}

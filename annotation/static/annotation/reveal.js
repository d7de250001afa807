/* Raw text is taken out of the page when its time is over, and when the page is left. */

const card = document.querySelector("[data-revealed]");

if (card) {
  const left = document.querySelector("[data-left]");
  const until = Date.now() + Number(card.dataset.revealed) * 1000;
  const timer = setInterval(() => {
    const seconds = Math.ceil((until - Date.now()) / 1000);
    left.textContent = `It is hidden after ${Math.max(seconds, 0)} seconds.`;
    if (seconds <= 0) hide();
  }, 500);
  addEventListener("pagehide", hide);

  function hide() {
    clearInterval(timer);
    card.remove();
    document.querySelector(".banner")?.remove();
    document.querySelector("[data-hidden-note]").textContent =
      "The raw text is hidden again.";
    document.querySelector("[data-back]").textContent = "Back to the record";
  }
}

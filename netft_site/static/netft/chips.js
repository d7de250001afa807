/* Copying ticket text copies the full pseudonyms, not the short chips, so that an
   ideal answer names the same things as the ticket. */

document.addEventListener("copy", (event) => {
  const selection = window.getSelection();
  if (!selection || selection.rangeCount === 0) return;
  const holder = document.createElement("div");
  holder.append(selection.getRangeAt(0).cloneContents());
  const chips = holder.querySelectorAll(".chip[title]");
  if (chips.length === 0) return;
  for (const chip of chips) chip.textContent = chip.title;
  // Line breaks follow from layout, so the copy is laid out, out of sight, for a moment.
  holder.className = "copy-holder";
  document.body.append(holder);
  event.clipboardData.setData("text/plain", holder.innerText);
  holder.remove();
  event.preventDefault();
});

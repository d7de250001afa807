/* Hides the fields of the recipe that the chosen kind of test does not need. */

const form = document.querySelector("[data-builder]");
const choice = form?.elements.holdout;

function show() {
  for (const part of form.querySelectorAll("[data-when]")) {
    part.hidden = part.dataset.when !== choice.value;
  }
}

if (choice) {
  choice.addEventListener("change", show);
  show();
}

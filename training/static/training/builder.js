/* Hides the fields of the recipe that the chosen test or balance does not need. */

const form = document.querySelector("[data-builder]");

function show() {
  for (const part of form.querySelectorAll("[data-when]")) {
    part.hidden = part.dataset.when !== form.elements.holdout.value;
  }
  for (const part of form.querySelectorAll("[data-balance]")) {
    part.hidden = form.elements.balance_by.value === "nothing";
  }
}

if (form) {
  form.addEventListener("change", show);
  show();
}

/* Selecting a missed value in the text fills the form beside it: the words, which text
   they stand in, and where. Typing the value works without this module. */

const form = document.querySelector("[data-missed]");
const fields = document.querySelectorAll("[data-field]");

if (form && fields.length > 0) {
  const told = form.querySelector("[data-told]");
  document.addEventListener("selectionchange", () => {
    const range = rangeInText();
    if (!range) return;
    const place = placeOf(range);
    told.textContent = place
      ? `Selected in ${place.label}. Now say what it is.`
      : "Select words beside the pseudonyms, within one text.";
    if (place) fill(place);
  });
  // What is typed by hand stands wherever it is found.
  form.elements.text.addEventListener("input", () => fill({ text: null }));
}

function rangeInText() {
  const selection = document.getSelection();
  if (!selection || selection.isCollapsed || selection.rangeCount === 0) return null;
  const range = selection.getRangeAt(0);
  return [...fields].some((field) => range.intersectsNode(field)) ? range : null;
}

function placeOf(range) {
  const runs = [...document.querySelectorAll("[data-at]")]
    .map((run) => cut(run, range))
    .filter((piece) => piece.text !== "");
  if (runs.length === 0 || touchesChip(range)) return null;
  const field = runs[0].run.closest("[data-field]");
  if (runs.some((piece) => piece.run.closest("[data-field]") !== field)) return null;
  const text = runs.map((piece) => piece.text).join("");
  const start = runs[0].start;
  return {
    text,
    start,
    end: start + length(text),
    field: field.dataset.field,
    label: field.dataset.label,
  };
}

/* The part of one run of plain text that the range covers; offsets count code points,
   as the server does. */
function cut(run, range) {
  if (!range.intersectsNode(run)) return { run, text: "" };
  const node = run.firstChild;
  const whole = node.data;
  const from = range.startContainer === node ? range.startOffset : 0;
  const to = range.endContainer === node ? range.endOffset : whole.length;
  const start = Number(run.dataset.at) + length(whole.slice(0, from));
  return { run, text: whole.slice(from, to), start };
}

function touchesChip(range) {
  return [...document.querySelectorAll("[data-field] .chip")].some((chip) => {
    if (!range.intersectsNode(chip)) return false;
    const inside = document.createRange();
    inside.selectNodeContents(chip);
    return (
      range.compareBoundaryPoints(Range.END_TO_START, inside) < 0 &&
      range.compareBoundaryPoints(Range.START_TO_END, inside) > 0
    );
  });
}

function length(text) {
  return [...text].length;
}

function fill({ text, start = "", end = "", field = "" }) {
  if (text !== null) form.elements.text.value = text;
  form.elements.field.value = field;
  form.elements.start.value = start;
  form.elements.end.value = end;
}

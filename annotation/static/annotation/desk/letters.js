/* What goes to the desk and what comes back: a desk page, or something in its place,
   as the sign-in page behind a redirect or a refusal. */

export async function postLetter(letter) {
  const answer = await fetch(letter.url, {
    method: "POST",
    headers: { "Content-Type": "application/x-www-form-urlencoded" },
    body: fresh(letter.body),
  });
  return read(answer);
}

/* Put the token of a desk page of now into every form. Returns whether the desk
   opened, and for the person who wrote the letter. */
export async function renewToken(letter) {
  const desk = await read(await fetch(letter.url));
  if (!desk.isDesk) return false;
  const by = desk.page.querySelector("[data-desk-page]").dataset.deskPage;
  if (letter.by && by && letter.by !== by) return false;
  const token = desk.page.querySelector("[name=csrfmiddlewaretoken]");
  for (const field of document.querySelectorAll("[name=csrfmiddlewaretoken]")) {
    if (token) field.value = token.value;
  }
  return true;
}

async function read(answer) {
  // The server failed, or a gateway has none behind it: what was sent is kept.
  if (answer.status >= 500) throw new Error("no answer");
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const isDesk = page.querySelector("[data-desk-page]") !== null;
  return { page, isDesk, isOk: answer.ok, url: answer.url };
}

/* The form's token may be older than this page's; the page's is the one that counts. */
function fresh(body) {
  const form = new URLSearchParams(body);
  const token = document.querySelector("[name=csrfmiddlewaretoken]");
  if (token) form.set("csrfmiddlewaretoken", token.value);
  return form.toString();
}

/* Put the page that came in the place of this one, below the head of the frame. */
export function show({ page, url }) {
  const fresh = page.querySelector("#main") ?? page.querySelector("#container");
  const stale = document.querySelector("#main") ?? document.querySelector("#container");
  if (!fresh || !stale || new URL(url).pathname !== location.pathname) {
    location.assign(url);
    return;
  }
  stale.replaceWith(document.adoptNode(fresh));
  document.title = page.title;
  window.scrollTo(0, 0);
}

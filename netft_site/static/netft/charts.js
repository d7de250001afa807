/* Draws every <figure class="chart" data-spec-id="..."> from the JSON beside it.

   The specification names design tokens ("token:chart-1"); they are resolved here from
   the stylesheet, and again when the theme changes. Expressions run in the vendored
   interpreter, so the content security policy needs no "unsafe-eval". Without this
   module the table under each figure stands open. */

const TOKEN = /^token:([a-z0-9-]+)$/;

/** Resolve a token to a plain colour, whatever notation the stylesheet uses. */
function makeResolver() {
  const probe = document.createElement("span");
  probe.hidden = true;
  document.body.append(probe);
  const known = new Map();
  const resolve = (name) => {
    if (!known.has(name)) {
      probe.style.color = `var(--${name})`;
      known.set(name, getComputedStyle(probe).color);
    }
    return known.get(name);
  };
  resolve.done = () => probe.remove();
  return resolve;
}

/** Return a copy of a specification with every token replaced. */
function withColours(value, resolve) {
  if (typeof value === "string") {
    const match = TOKEN.exec(value);
    return match ? resolve(match[1]) : value;
  }
  if (Array.isArray(value)) return value.map((item) => withColours(item, resolve));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      // Data are not looks: a label that reads like a token stays as it is.
      key === "values" ? item : withColours(item, resolve),
    ]),
  );
}

function config(resolve) {
  const font = getComputedStyle(document.body).fontFamily;
  const quiet = resolve("ink-3");
  const text = { labelColor: resolve("ink-2"), titleColor: quiet, labelFont: font, titleFont: font };
  return {
    background: "transparent",
    font,
    view: { stroke: null },
    mark: { color: resolve("chart-1") },
    text: { color: resolve("ink"), font },
    axis: {
      ...text,
      labelFontSize: 12,
      titleFontSize: 12,
      titleFontWeight: 500,
      labelPadding: 6,
      gridColor: resolve("chart-grid"),
      domainColor: resolve("line"),
      tickColor: resolve("line"),
      domain: false,
      ticks: false,
    },
    legend: { ...text, labelFontSize: 12, symbolType: "circle", symbolSize: 80, offset: 8 },
  };
}

async function draw(figure, resolve) {
  const source = document.getElementById(figure.dataset.specId);
  const canvas = figure.querySelector(".chart-canvas");
  if (!source || !canvas) return;
  const spec = withColours(JSON.parse(source.textContent), resolve);
  figure.netftView?.finalize();
  const result = await window.vegaEmbed(canvas, spec, {
    actions: false,
    ast: true,
    config: config(resolve),
    defaultStyle: false,
    logLevel: window.vega.Error,
    mode: "vega-lite",
    renderer: "svg",
    tooltip: { disableDefaultStyle: true },
  });
  figure.netftView = result;
  if (!canvas.dataset.drawn) {
    canvas.dataset.drawn = "true";
    const table = figure.querySelector("details");
    if (table) table.open = false;
  }
}

/** Draw, or draw again, every chart under `root`. */
export async function drawCharts(root = document) {
  const resolve = makeResolver();
  try {
    const figures = [...root.querySelectorAll("figure.chart[data-spec-id]")];
    await Promise.all(figures.map((figure) => draw(figure, resolve)));
  } finally {
    resolve.done();
  }
}

// One drawing after the other: two at once would fight over the same canvas.
let queue = Promise.resolve();

function redraw() {
  queue = queue
    .then(() => drawCharts())
    .catch((error) => console.error("A chart could not be drawn.", error));
}

new MutationObserver(redraw).observe(document.documentElement, {
  attributeFilter: ["data-theme"],
});
window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
// The fonts decide the width of labels; wait for them so nothing is clipped.
document.fonts.ready.then(redraw);

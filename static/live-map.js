/* The live map in the app: one painter for each place on a page, through every rerun. */
const states = new WeakMap();

function sheet(root, base, name) {
  return new Promise((done) => {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = new URL("app/static/" + name, base).href;
    link.onload = link.onerror = done;
    root.append(link);
  });
}

async function start(state, root, data, base) {
  const file = (name) => import(new URL("app/static/" + name, base).href);
  const box = document.createElement("div");
  box.className = "cg-host";
  const fonts = document.querySelector("link[data-cg-fonts]");
  if (!fonts) sheet(document.head, base, "fonts/fonts.css").then(() => {});
  if (!fonts) document.head.lastChild.dataset.cgFonts = "";
  const [L, painter] = await Promise.all([
    file("vendor/leaflet/leaflet-src.esm.js"), file("painter.js"),
    sheet(root, base, "vendor/leaflet/leaflet.css"), sheet(root, base, "painter.css"),
  ]);
  if (state.gone) return;
  box.style.height = data.height;
  root.append(box);
  state.box = box;
  state.handle = painter.paint(box, data.spec, {
    L, base, memory: data.key,
    onEvent: (name, detail) => {
      if (name === "click") state.trigger("click", detail);
      if (name === "view") globalThis.capgapView = detail;
    },
  });
  globalThis.capgapMap = state.handle;
}

async function show(state, root, data, base) {
  if (state.gone) return;
  if (!state.handle) return start(state, root, data, base);
  state.box.style.height = data.height;
  state.handle.update(data.spec);
}

export function host({ parentElement, data, setTriggerValue }) {
  const base = new URL(data.base, location.origin).href;
  let state = states.get(parentElement);
  if (!state || state.gone) {
    state = { queue: Promise.resolve() };
    states.set(parentElement, state);
  }
  state.trigger = setTriggerValue;
  const next = () => show(state, parentElement, data, base);
  state.queue = state.queue.then(next).catch((error) => console.warn(error));
  return () => {
    state.gone = true;
    if (state.handle) state.handle.destroy();
    if (state.box) state.box.remove();
  };
}

/* A table for readers: sorts by any column, carries two bounds on a bar, reachable by keyboard.
   A row is [id, cells]; a cell is [text, value, lower, upper, href]. */
const [TEXT, VALUE, LOWER, UPPER, HREF] = [0, 1, 2, 3, 4];
const states = new WeakMap();
const el = (name, css, text) => {
  const node = document.createElement(name);
  if (css) node.className = css;
  if (text !== undefined) node.textContent = text;
  return node;
};
function compare(a, b) {
  if (typeof a === "number" && typeof b === "number") return a - b;
  return String(a).localeCompare(String(b));
}
function sorted(rows, [index, up]) {
  const known = (row) => row[1][index][VALUE] != null;
  const first = rows.filter(known), last = rows.filter((row) => !known(row));
  first.sort((a, b) => (up ? 1 : -1) * compare(a[1][index][VALUE], b[1][index][VALUE]));
  return first.concat(last);
}
function draw(state, data, trigger) {
  const table = el("table");
  table.append(el("caption", "", data.caption));
  const head = table.createTHead().insertRow();
  data.columns.forEach((column, index) => {
    const th = el("th"), button = el("button", "", column.title);
    th.scope = "col";
    if (column.help) button.title = column.help;
    const [at, up] = state.order;
    if (at === index) th.setAttribute("aria-sort", up ? "ascending" : "descending");
    button.onclick = () => {
      const text = data.rows.some((row) => typeof row[1][index][VALUE] === "string");
      state.order = [index, at === index ? !up : text];
      state.focus = index;
      draw(state, data, trigger);
    };
    th.append(button);
    head.append(th);
  });
  const body = table.createTBody();
  for (const row of sorted(data.rows, state.order)) {
    const tr = body.insertRow();
    if (row[0] === data.selected) tr.setAttribute("aria-current", "true");
    row[1].forEach((cell, index) => {
      const td = el(index ? "td" : "th");
      if (!index) td.scope = "row";
      if (!index && data.selectable) {
        const button = el("button", "pick", cell[TEXT]);
        button.onclick = () => trigger("pick", row[0]);
        td.append(button);
      } else if (/^https?:/.test(cell[HREF] ?? "")) {
        const link = el("a", "", cell[TEXT]);
        Object.assign(link, { href: cell[HREF], target: "_blank", rel: "noopener noreferrer" });
        td.append(link);
      } else td.append(el("span", "text", cell[TEXT]));
      if (data.columns[index].bar) {
        const bar = el("span", "bar"), low = el("i", "low"), high = el("i", "high");
        bar.setAttribute("aria-hidden", "true");
        if (cell[UPPER] == null) bar.classList.add("unknown");
        high.style.width = 100 * (cell[UPPER] ?? 0) + "%";
        low.style.width = 100 * (cell[LOWER] ?? 0) + "%";
        bar.append(high, low);
        td.append(bar);
      }
      tr.append(td);
    });
  }
  state.box.replaceChildren(table);
  if (state.focus !== undefined) head.children[state.focus].firstChild.focus();
  state.focus = undefined;
}
/* Wait for the style sheet once per place, so that no bare table is seen. */
export function dress(root, href) {
  if (root.querySelector("link")) return null;
  return new Promise((done) => {
    const link = document.createElement("link");
    Object.assign(link, { rel: "stylesheet", href, onload: done, onerror: done });
    root.append(link);
  });
}
export function show({ parentElement, data, setTriggerValue }) {
  let state = states.get(parentElement);
  if (!state || state.stamp !== data.stamp) {
    const box = state ? state.box : el("div", "scroll");
    box.tabIndex = 0;
    box.setAttribute("role", "region");
    if (!state) parentElement.append(box);
    state = { box, stamp: data.stamp, order: data.order };
    states.set(parentElement, state);
  }
  state.box.setAttribute("aria-label", data.caption);
  state.box.style.maxHeight = data.height ? data.height + "px" : "none";
  draw(state, data, setTriggerValue);
}

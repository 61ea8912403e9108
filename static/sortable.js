/* A table for readers: sorts by any column, carries two bounds on a bar, reachable by keyboard.
   A row is [id, cells]; a cell is [text, value, lower, upper, href].
   In a narrow place each row is a block of lines that name their column: so every element says its role. */
const [TEXT, VALUE, LOWER, UPPER, HREF] = [0, 1, 2, 3, 4];
const states = new WeakMap();
const el = (name, role, css, text) => {
  const node = document.createElement(name);
  if (role) node.setAttribute("role", role);
  if (css) node.className = css;
  if (text !== undefined) node.textContent = text;
  return node;
};
/* Names in the order of a Peruvian list: Áncash before Apurímac. */
const names = new Intl.Collator("es");
function compare(a, b) {
  return typeof a === "number" && typeof b === "number" ? a - b : names.compare(String(a), String(b));
}
function sorted(rows, [index, up]) {
  const known = (row) => row[1][index][VALUE] != null;
  const first = rows.filter(known), last = rows.filter((row) => !known(row));
  first.sort((a, b) => (up ? 1 : -1) * compare(a[1][index][VALUE], b[1][index][VALUE]));
  return first.concat(last);
}
function heading(state, data, trigger, column, index) {
  const th = el("th", "columnheader"), button = el("button", "", "", column.title);
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
  return th;
}
function saying(cell, pick) {
  if (pick) {
    const button = el("button", "", "pick", cell[TEXT]);
    button.onclick = pick;
    return button;
  }
  if (!/^https?:/.test(cell[HREF] ?? "")) return el("span", "", "text", cell[TEXT]);
  const link = el("a", "", "", cell[TEXT]);
  return Object.assign(link, { href: cell[HREF], target: "_blank", rel: "noopener noreferrer" });
}
function barOf(cell) {
  const bar = el("span", "", "bar"), low = el("i", "", "low"), high = el("i", "", "high");
  bar.setAttribute("aria-hidden", "true");
  if (cell[UPPER] == null) bar.classList.add("unknown");
  high.style.width = 100 * (cell[UPPER] ?? 0) + "%";
  low.style.width = 100 * (cell[LOWER] ?? 0) + "%";
  bar.append(high, low);
  return bar;
}
function line(row, data, trigger) {
  const tr = el("tr", "row");
  if (row[0] === data.selected) tr.setAttribute("aria-current", "true");
  row[1].forEach((cell, index) => {
    const { title, bar } = data.columns[index];
    const td = index ? el("td", "cell") : el("th", "rowheader");
    if (index) td.dataset.title = title;
    else td.scope = "row";
    td.append(saying(cell, !index && data.selectable && (() => trigger("pick", row[0]))));
    // A value that is known and fills no bar (nowhere can be reached) has none.
    if (bar && (cell[UPPER] != null || cell[VALUE] == null)) td.append(barOf(cell));
    tr.append(td);
  });
  return tr;
}
function draw(state, data, trigger) {
  const table = el("table", "table");
  table.setAttribute("aria-label", data.caption);
  const head = el("tr", "row"), top = el("thead", "rowgroup"), body = el("tbody", "rowgroup");
  head.append(...data.columns.map((column, index) => heading(state, data, trigger, column, index)));
  top.append(head);
  body.append(...sorted(data.rows, state.order).map((row) => line(row, data, trigger)));
  table.append(top, body);
  state.box.replaceChildren(table);
  ending(state.box);
  if (state.focus !== undefined) head.children[state.focus].firstChild.focus();
  state.focus = undefined;
}
/* A box that holds more rows than it shows fades at its lower edge, until the last row is seen. */
function ending(box) {
  box.classList.toggle("more", box.scrollHeight - box.scrollTop - box.clientHeight > 4);
}
function place(parent) {
  const frame = el("div", "", "frame"), note = el("p", "", "note"), box = el("div", "region", "scroll");
  box.tabIndex = 0;
  box.onscroll = () => ending(box);
  new ResizeObserver(() => ending(box)).observe(box);
  frame.append(note, box);
  parent.append(frame);
  return { box, note };
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
    state = { ...(state ?? place(parentElement)), stamp: data.stamp, order: data.order };
    states.set(parentElement, state);
  }
  state.note.textContent = data.note;
  state.note.hidden = !data.note;
  state.box.setAttribute("aria-label", data.caption);
  state.box.style.maxHeight = data.height ? data.height + "px" : "none";
  draw(state, data, setTriggerValue);
}

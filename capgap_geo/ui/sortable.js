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
  const known = (row) => row.cells[index].value !== null;
  const first = rows.filter(known), last = rows.filter((row) => !known(row));
  first.sort((a, b) => (up ? 1 : -1) * compare(a.cells[index].value, b.cells[index].value));
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
      const text = data.rows.some((row) => typeof row.cells[index].value === "string");
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
    if (row.id === data.selected) tr.setAttribute("aria-current", "true");
    row.cells.forEach((cell, index) => {
      const td = el(index ? "td" : "th");
      if (!index) td.scope = "row";
      if (!index && data.selectable) {
        const button = el("button", "pick", cell.text);
        button.onclick = () => trigger("pick", row.id);
        td.append(button);
      } else if (/^https?:/.test(cell.href)) {
        const link = el("a", "", cell.text);
        Object.assign(link, { href: cell.href, target: "_blank", rel: "noopener noreferrer" });
        td.append(link);
      } else td.append(el("span", "text", cell.text));
      if (data.columns[index].bar) {
        const bar = el("span", "bar"), low = el("i", "low"), high = el("i", "high");
        bar.setAttribute("aria-hidden", "true");
        if (cell.upper === null) bar.classList.add("unknown");
        high.style.width = 100 * (cell.upper ?? 0) + "%";
        low.style.width = 100 * (cell.lower ?? 0) + "%";
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
export default function ({ parentElement, data, setTriggerValue }) {
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

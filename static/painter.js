/* The one map painter: paints a MapSpec (JSON, made in Python) onto a Leaflet map.
 *
 * paint(container, spec, {L, base, onEvent, map, memory}) -> handle
 *   L        Leaflet 1.9 (module or global)
 *   base     address that the spec's relative addresses start from
 *   onEvent  (name, detail): "click" {layer, id, lat, lon}, "view" {lat, lon, zoom}, "layers" {id: on}
 *   map      an existing L.Map on the container, if a host has one
 *   memory   a name under which the reader's view outlives this container
 * handle: ready, update(spec), select(layer, id), view(), stats(), destroy(), map
 *
 * Texts of the spec are written with textContent or onto a canvas, never as markup.
 */

const UNIT_ZOOM = 10; // paths are kept in Web Mercator pixels of this zoom, relative to ORIGIN
const WORLD = 256 * 2 ** UNIT_ZOOM;
const ORIGIN = mercator(-9.5, -75);
const NARROW = 620; // container width in px below which the phone layout applies
const ROOMY = 900; // from here the legend is open at first, and the map keeps clear of it
const WIDE = 1100; // from here a picture has room for its legend on the right
const TAP_RADIUS = { mouse: 11, touch: 22 };
const FACT_LINES = ["value", "pair", "note"];

const KEPT_FILES = 80;
const PAUSES = [250, 1000]; // milliseconds before a file that did not come is asked for again
const files = new Map(); // address -> promise of JSON: geometry is fetched once per page
const views = new Map(); // memory name -> view

function mercator(lat, lon) {
  const sin = Math.sin((Math.max(-85.05, Math.min(85.05, lat)) * Math.PI) / 180);
  return { x: ((lon + 180) / 360) * WORLD, y: (0.5 - Math.log((1 + sin) / (1 - sin)) / (4 * Math.PI)) * WORLD };
}

function unit(lat, lon) {
  const p = mercator(lat, lon);
  return { x: p.x - ORIGIN.x, y: p.y - ORIGIN.y };
}

function degrees(point) {
  const y = 0.5 - (point.y + ORIGIN.y) / WORLD;
  return {
    lat: (Math.atan(Math.sinh(2 * Math.PI * y)) * 180) / Math.PI,
    lon: ((point.x + ORIGIN.x) / WORLD) * 360 - 180,
  };
}

function fetchJson(address) {
  const known = files.get(address);
  if (known) {
    files.delete(address);
    files.set(address, known);
  } else {
    if (files.size >= KEPT_FILES) files.delete(files.keys().next().value);
    const promise = fetched(address).then((found) => (promise.found = found));
    promise.catch(() => files.delete(address));
    files.set(address, promise);
  }
  return files.get(address);
}

/* Another reader's change, or a weak signal, may hide a file for a moment: it is asked for again. */
async function fetched(address) {
  for (const pause of [...PAUSES, null]) {
    const answer = await fetch(address).catch((error) => ({ ok: false, status: error.message }));
    if (answer.ok) return answer.json();
    if (pause === null) throw new Error(`${answer.status} ${address}`);
    await new Promise((done) => setTimeout(done, pause));
  }
}

function el(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined && text !== null) node.textContent = text;
  return node;
}

function button(className, label, text) {
  const node = el("button", className, text);
  node.type = "button";
  if (label) {
    node.setAttribute("aria-label", label);
    node.title = label;
  }
  return node;
}

const ICONS = {
  find: "M6.8 1.5a5.3 5.3 0 1 0 0 10.6 5.3 5.3 0 0 0 0-10.6Zm0 0M10.8 10.8 14.5 14.5",
  layers: "M8 2 14.5 5.5 8 9 1.5 5.5ZM2 8.6 8 11.8 14 8.6M2 11.4 8 14.6 14 11.4",
  link: "M6.5 9.5 9.5 6.5M7 4.5 8.6 2.9a3.2 3.2 0 0 1 4.5 4.5L11.5 9M9 11.5 7.4 13.1a3.2 3.2 0 0 1-4.5-4.5L4.5 7",
  close: "M3.5 3.5 12.5 12.5M12.5 3.5 3.5 12.5",
};

function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", "cg-icon");
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/* ---- geometry: GeoJSON to paths ------------------------------------------------------------- */

function ringsOf(geometry) {
  if (!geometry) return [];
  const { type, coordinates: c } = geometry;
  if (type === "Polygon" || type === "MultiLineString") return c;
  if (type === "MultiPolygon") return c.flat();
  if (type === "LineString") return [c];
  if (type === "GeometryCollection") return geometry.geometries.flatMap(ringsOf);
  return [];
}

function shapeOf(feature) {
  const closed = feature.geometry && feature.geometry.type.endsWith("Polygon");
  const path = new Path2D();
  const box = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
  const rings = ringsOf(feature.geometry).map((ring) => ring.map(([lon, lat]) => unit(lat, lon)));
  for (const ring of rings) {
    ring.forEach((p, i) => {
      if (i) path.lineTo(p.x, p.y);
      else path.moveTo(p.x, p.y);
      box.left = Math.min(box.left, p.x);
      box.right = Math.max(box.right, p.x);
      box.top = Math.min(box.top, p.y);
      box.bottom = Math.max(box.bottom, p.y);
    });
    if (closed) path.closePath();
  }
  const id = String(feature.id ?? (feature.properties || {}).id ?? "");
  return { id, path, box, rings, closed };
}

/* The point of a polygon farthest from its border, on a grid refined twice: where its name stands. */
function middleOf(shape) {
  const { left, right, top, bottom } = shape.box;
  let best = { x: (left + right) / 2, y: (top + bottom) / 2, d: -Infinity };
  let span = { left, right, top, bottom };
  for (let pass = 0; pass < 3; pass += 1) {
    const n = pass ? 6 : 12;
    const w = (span.right - span.left) / n;
    const h = (span.bottom - span.top) / n;
    for (let i = 0; i < n; i += 1) {
      for (let j = 0; j < n; j += 1) {
        const p = { x: span.left + w * (i + 0.5), y: span.top + h * (j + 0.5) };
        const d = depth(shape.rings, p.x, p.y);
        if (d > best.d) best = { ...p, d };
      }
    }
    span = { left: best.x - w, right: best.x + w, top: best.y - h, bottom: best.y + h };
  }
  return { x: best.x, y: best.y };
}

function depth(rings, x, y) {
  let inside = false;
  let nearest = Infinity;
  for (const ring of rings) {
    for (let i = 0, j = ring.length - 1; i < ring.length; j = i, i += 1) {
      const a = ring[i];
      const b = ring[j];
      if (a.y > y !== b.y > y && x < ((b.x - a.x) * (y - a.y)) / (b.y - a.y) + a.x) inside = !inside;
      const length = (b.x - a.x) ** 2 + (b.y - a.y) ** 2;
      const t = length ? Math.max(0, Math.min(1, ((x - a.x) * (b.x - a.x) + (y - a.y) * (b.y - a.y)) / length)) : 0;
      nearest = Math.min(nearest, (a.x + t * (b.x - a.x) - x) ** 2 + (a.y + t * (b.y - a.y) - y) ** 2);
    }
  }
  return (inside ? 1 : -1) * Math.sqrt(nearest);
}

/* ---- drawing -------------------------------------------------------------------------------- */

const tiles = new Map(); // texture key -> canvas with one repeat of it

function textureTile(texture, ratio) {
  const key = `${texture.mark} ${texture.colour} ${texture.gap} ${texture.width} ${ratio}`;
  if (tiles.has(key)) return tiles.get(key);
  const size = Math.max(2, Math.round(texture.gap * Math.SQRT2 * ratio));
  const tile = document.createElement("canvas");
  tile.width = size;
  tile.height = size;
  const ctx = tile.getContext("2d");
  ctx.strokeStyle = texture.colour;
  ctx.fillStyle = texture.colour;
  ctx.lineWidth = texture.width * ratio;
  if (texture.mark === "stipple") {
    for (const [x, y] of [[0.25, 0.25], [0.75, 0.75]]) {
      ctx.beginPath();
      ctx.arc(x * size, y * size, texture.width * ratio * 0.75, 0, 7);
      ctx.fill();
    }
  } else {
    const up = texture.mark === "hatch";
    for (let k = -1; k <= 1; k += 1) {
      ctx.beginPath();
      ctx.moveTo((k - 0.5) * size, up ? size * 1.5 : -size * 0.5);
      ctx.lineTo((k + 1.5) * size, up ? -size * 0.5 : size * 1.5);
      ctx.stroke();
    }
  }
  tiles.set(key, tile);
  return tile;
}

/* Fill and stroke a path drawn at `scale` screen pixels per path unit, on a canvas of `ratio`. */
function drawShape(ctx, path, style, { scale, ratio, closed = true, faint = 1 }) {
  if (closed && style.fill) {
    ctx.globalAlpha = (style.fill_opacity ?? 1) * faint;
    ctx.fillStyle = style.fill;
    ctx.fill(path, "evenodd");
    ctx.globalAlpha = 1;
  }
  if (closed && style.texture) {
    const pattern = ctx.createPattern(textureTile(style.texture, ratio), "repeat");
    pattern.setTransform(new DOMMatrix().scale(1 / (scale * ratio)));
    ctx.fillStyle = pattern;
    ctx.fill(path, "evenodd");
  }
  if (style.stroke && style.width) strokeShape(ctx, path, style.stroke, style.width, scale, style.dash);
}

function strokeShape(ctx, path, colour, width, scale, dash) {
  ctx.strokeStyle = colour;
  ctx.lineWidth = width / scale;
  ctx.setLineDash((dash || []).map((d) => d / scale));
  ctx.lineJoin = "round";
  ctx.lineCap = dash && dash[0] < 2 ? "round" : "butt";
  ctx.stroke(path);
  ctx.setLineDash([]);
}

const glyphs = new Map();

/* What exists has round ends in its colour; what is new has corners, what takes more groups round ends, both
   in the accent, whole where a plan has them and broken where they are only proposed. */
function drawFrame(ctx, left, top, width, height, { kind, proposed }, colour, { paper, accent }) {
  ctx.save();
  ctx.beginPath();
  ctx.roundRect(left, top, width, height, kind === "new" ? 1.5 : height / 2);
  ctx.fillStyle = paper;
  ctx.fill();
  ctx.lineWidth = kind ? 2 : 1.1;
  ctx.strokeStyle = kind ? accent : colour;
  ctx.setLineDash(proposed ? [3.5, 2] : []);
  ctx.stroke();
  ctx.restore();
}

function drawSymbol(ctx, symbol, x, y, size, { open = false, ring = "", paper }) {
  if (!glyphs.has(symbol.path)) glyphs.set(symbol.path, new Path2D(symbol.path));
  const path = glyphs.get(symbol.path);
  ctx.save();
  if (ring) {
    ctx.beginPath();
    ctx.arc(x, y, size * 0.8, 0, 2 * Math.PI);
    ctx.fillStyle = paper;
    ctx.fill();
    ctx.strokeStyle = ring;
    ctx.lineWidth = size / 7;
    ctx.stroke();
  }
  ctx.translate(x - size / 2, y - size / 2);
  ctx.scale(size / 16, size / 16);
  ctx.lineJoin = "round";
  ctx.strokeStyle = paper;
  ctx.lineWidth = 3.6;
  ctx.stroke(path);
  if (open) {
    ctx.fillStyle = paper;
    ctx.fill(path);
    ctx.globalAlpha = 0.22;
  }
  ctx.fillStyle = symbol.colour;
  ctx.fill(path);
  if (open) {
    ctx.globalAlpha = 1;
    ctx.strokeStyle = symbol.colour;
    ctx.lineWidth = 1.2;
    ctx.stroke(path);
  }
  ctx.restore();
}

function drawText(ctx, text, x, y, { font, colour, paper, spacing = "0px" }) {
  ctx.font = font;
  ctx.letterSpacing = spacing;
  ctx.textBaseline = "middle";
  ctx.lineJoin = "round";
  ctx.strokeStyle = paper;
  ctx.globalAlpha = 0.8;
  ctx.lineWidth = 3.5;
  ctx.strokeText(text, x, y);
  ctx.globalAlpha = 1;
  ctx.fillStyle = colour;
  ctx.fillText(text, x, y);
  ctx.letterSpacing = "0px";
}

/* A canvas renderer of Leaflet that paints by callback: size, retina and zoom animation are Leaflet's. */
function sheetClass(L) {
  return L.Canvas.extend({
    options: { padding: 0.2 },
    initialize(draw, options) {
      L.Canvas.prototype.initialize.call(this, options);
      this._drawAll = draw;
    },
    _initContainer() {
      L.Canvas.prototype._initContainer.call(this);
      this._container.style.pointerEvents = "none";
      this._container.setAttribute("aria-hidden", "true");
    },
    // Where Leaflet would redraw its own paths, and on being added.
    _redraw() {
      this.repaint();
    },
    _draw() {
      this.repaint();
    },
    visible(min) {
      const corner = this._map.containerPointToLayerPoint([0, 0]).subtract(min);
      const size = this._map.getSize();
      return { left: corner.x, top: corner.y, right: corner.x + size.x, bottom: corner.y + size.y };
    },
    repaint() {
      if (!this._ctx || !this._bounds || !this._map) return;
      const zoom = this._map.getZoom();
      const scale = 2 ** (zoom - UNIT_ZOOM);
      const origin = this._map.getPixelOrigin();
      const { min, max } = this._bounds;
      const ratio = L.Browser.retina ? 2 : 1;
      const x = ORIGIN.x * scale - origin.x - min.x;
      const y = ORIGIN.y * scale - origin.y - min.y;
      const ctx = this._ctx;
      ctx.save();
      ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
      ctx.clearRect(0, 0, max.x - min.x, max.y - min.y);
      this._drawAll({
        ctx, zoom, scale, ratio,
        width: max.x - min.x,
        height: max.y - min.y,
        visible: this.visible(min),
        seen: { left: -x / scale, top: -y / scale, right: (max.x - min.x - x) / scale, bottom: (max.y - min.y - y) / scale },
        toScreen: (p) => ({ x: p.x * scale + x, y: p.y * scale + y }),
        fromScreen: (p) => ({ x: (p.x - x) / scale, y: (p.y - y) / scale }),
        geographic: () => ctx.setTransform(ratio * scale, 0, 0, ratio * scale, ratio * x, ratio * y),
        screen: () => ctx.setTransform(ratio, 0, 0, ratio, 0, 0),
      });
      ctx.restore();
    },
  });
}

function overlaps(a, b) {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

/* ---- layers of a spec, made ready to draw ---------------------------------------------------- */

function textsAt(facts, i) {
  const out = {};
  if (onItsWay(facts)) return out;
  for (const [key, column] of Object.entries(facts || {})) out[key] = Array.isArray(column) ? column[i] : column;
  return out;
}

/* Replace {"$url": ...} by what is there, so that hosts can leave out what does not change. What is said
   of things may still be on its way: it is not needed to draw them (see tell). */
async function resolve(value, base) {
  if (Array.isArray(value)) return value.length && typeof value[0] === "object" ? Promise.all(value.map((v) => resolve(v, base))) : value;
  if (value === null || typeof value !== "object") return value;
  if (typeof value.$url === "string") return fetchJson(new URL(value.$url, base).href);
  const pairs = await Promise.all(Object.entries(value).map(async ([k, v]) => [k, comesAsItIs(k, v, base) ? v : await resolve(v, base)]));
  return Object.fromEntries(pairs);
}

function comesAsItIs(key, value, base) {
  if (key === "inline") return Boolean(value && value.type);
  return key === "facts" && onItsWay(value) && !files.get(new URL(value.$url, base).href)?.found;
}

function onItsWay(facts) {
  return Boolean(facts && typeof facts.$url === "string");
}

const shapes = new WeakMap(); // GeoJSON object -> its shapes

/* Polygons whose rings are encoded polylines with two decimals, longitude first, as GeoJSON. */
function unpacked(features) {
  return {
    features: features.map(([id, polygons]) => ({
      id, geometry: { type: "MultiPolygon", coordinates: polygons.map((rings) => rings.map(ringOf)) },
    })),
  };
}

function ringOf(text) {
  const ring = [];
  const at = [0, 0];
  for (let i = 0, axis = 0; i < text.length; axis = 1 - axis) {
    let value = 0;
    let digit;
    let shift = 0;
    do {
      digit = text.charCodeAt(i) - 63;
      value |= (digit & 31) << shift;
      shift += 5;
      i += 1;
    } while (digit >= 32);
    at[axis] += value & 1 ? ~(value >> 1) : value >> 1;
    if (axis) ring.push([at[0] / 100, at[1] / 100]);
  }
  return ring;
}

async function loadShapes(geometry, base) {
  const given = geometry.packed ? unpacked(geometry.packed) : geometry.inline;
  const data = geometry.url ? await fetchJson(new URL(geometry.url, base).href) : given;
  if (!shapes.has(data)) {
    shapes.set(data, {
      list: (data.features || []).map(shapeOf),
      points: new Map((data.features || []).filter((f) => f.geometry && f.geometry.type === "Point").map((f) => [String(f.id ?? f.properties.id), unit(f.geometry.coordinates[1], f.geometry.coordinates[0])])),
    });
  }
  return shapes.get(data);
}

async function prepareAreas(layer, base) {
  const { list } = await loadShapes(layer.geometry, base);
  const anchors = layer.anchors ? (await loadShapes(layer.anchors, base)).points : new Map();
  const byId = new Map(list.map((shape) => [shape.id, shape]));
  const items = [];
  layer.ids.forEach((id, i) => {
    const shape = byId.get(id);
    if (!shape) return;
    items.push({ id, shape, class: layer.classes[i], style: layer.styles[layer.classes[i]], facts: textsAt(layer.facts, i), index: i });
  });
  for (const item of items) {
    const named = layer.names || (layer.badges && layer.badges[item.id]);
    const sought = named || (list.length < 400 && Object.keys(layer.facts).length > 0);
    item.anchor = anchors.get(item.id) || (item.shape.middle ??= sought ? middleOf(item.shape) : null);
  }
  return { ...layer, items };
}

function preparePoints(layer) {
  const items = layer.ids.map((id, i) => ({
    id, at: unit(layer.lat[i], layer.lon[i]), open: layer.open[i] === "1", facts: textsAt(layer.facts, i), index: i, layer: layer.id,
  }));
  return { ...layer, items };
}

function preparePlaces(layer) {
  const items = layer.ids.map((id, i) => ({
    id, at: unit(layer.lat[i], layer.lon[i]), minZoom: layer.min_zoom[i], facts: { name: layer.names[i] },
  }));
  return { ...layer, items };
}

async function prepareSurface(layer, base) {
  const image = new Image();
  image.src = layer.image.startsWith("data:") ? layer.image : new URL(layer.image, base).href;
  await image.decode();
  const [south, west, north, east] = layer.bounds;
  return { ...layer, picture: image, corner: unit(north, west), opposite: unit(south, east), items: [] };
}

async function prepare(layer, base) {
  if (layer.kind === "areas") return prepareAreas(layer, base);
  if (layer.kind === "points") return preparePoints(layer);
  if (layer.kind === "places") return preparePlaces(layer);
  if (layer.kind === "surface") return prepareSurface(layer, base);
  if (layer.kind === "lines") return { ...layer, items: [], shapes: (await loadShapes(layer.geometry, base)).list };
  return { ...layer, items: [] };
}

/* ---- the painter ---------------------------------------------------------------------------- */

class Painter {
  constructor(container, spec, { L, base, onEvent, map, memory }) {
    this.L = L;
    this.base = base || document.baseURI;
    this.onEvent = onEvent || (() => {});
    this.memory = memory;
    this.spec = spec;
    this.layers = [];
    this.switched = new Map(); // layer id -> on or off, as the reader set it
    this.hovered = null;
    this.pinned = null;
    this.calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.ownsMap = !map;
    this.map = map || this.makeMap(container);
    this.keepPageStill();
    this.root = this.map.getContainer();
    this.root.classList.add("cg-map");
    this.unbind = [];
    this.makeSheets();
    this.makePanels();
    this.listen();
    this.lookAtStart();
  }

  makeMap(container) {
    const box = el("div", "cg-box");
    container.append(box);
    return this.L.map(box, {
      zoomControl: false, attributionControl: false, zoomSnap: 0.25, zoomDelta: 0.75, wheelPxPerZoomLevel: 110,
      minZoom: 4, maxZoom: 13, zoomAnimation: !this.calm, fadeAnimation: !this.calm, markerZoomAnimation: false,
      inertia: !this.calm, maxBounds: [[-34, -106], [16, -44]], maxBoundsViscosity: 0.7,
    });
  }

  /* Leaflet focuses the map on the first press and puts the window back where it was, but not the
     scrolling part of a page around it: the page would jump under the pointer. */
  keepPageStill() {
    const { keyboard } = this.map;
    const on = keyboard.enabled();
    keyboard.disable();
    keyboard._onMouseDown = () => {
      if (!keyboard._focused) this.map.getContainer().focus({ preventScroll: true });
    };
    if (on) keyboard.enable();
  }

  makeSheets() {
    const Sheet = sheetClass(this.L);
    for (const [name, z] of [["cgSheet", 410], ["cgGlass", 420]]) {
      if (!this.map.getPane(name)) this.map.createPane(name).style.zIndex = z;
      this.map.getPane(name).style.pointerEvents = "none";
    }
    this.sheet = new Sheet((view) => this.drawSheet(view), { pane: "cgSheet" });
    this.glass = new Sheet((view) => this.drawGlass(view), { pane: "cgGlass" });
  }

  lookAtStart() {
    const kept = this.memory && views.get(this.memory);
    this.touched = Boolean(kept);
    this.revision = this.spec.view.revision;
    this.look(kept ? { center: [kept.lat, kept.lon], zoom: kept.zoom } : this.spec.view, false);
    this.sheet.addTo(this.map);
    this.glass.addTo(this.map);
  }

  look(view, animate) {
    const options = { animate: animate && !this.calm };
    this.placing = true; // until it is there, what moves the map is not the reader
    this.map.once("moveend", () => { this.placing = false; });
    if (view.center && view.zoom !== null && view.zoom !== undefined) {
      this.map.setView(view.center, view.zoom, options);
    } else {
      const [south, west, north, east] = view.bounds;
      this.map.fitBounds([[south, west], [north, east]], { ...options, ...this.clearOfLegend() });
    }
  }

  /* Room at the edges of what is to be seen as a whole: an open legend does not cover it. */
  clearOfLegend(edge = 6) {
    const left = this.legend.offsetLeft + this.legend.offsetWidth;
    const beside = this.legend.classList.contains("cg-open") && left <= 0.4 * this.root.clientWidth;
    return { paddingTopLeft: [beside ? left : edge, edge], paddingBottomRight: [edge, edge] };
  }

  /* -- state -- */

  /* The latest spec wins: one that still waits for a file is given up when another comes. */
  update(spec) {
    this.wanted = spec;
    return this.apply(spec).catch((error) => this.fail(error, spec)).then(() => this.telling);
  }

  stale(spec) {
    return this.gone || this.wanted !== spec;
  }

  async apply(raw) {
    const spec = await resolve(raw, this.base);
    if (this.stale(raw)) return;
    this.spec = spec;
    this.setTheme(spec);
    if (!this.framed) this.fillPanels();
    const jobs = spec.layers.map((layer) => prepare(layer, this.base));
    if (!this.layers.length) this.paintAsTheyCome(jobs, raw);
    const layers = await Promise.all(jobs);
    if (this.stale(raw)) return;
    this.keepNames(layers);
    this.layers = layers;
    this.dropDead();
    if (spec.view.revision !== this.revision) {
      this.revision = spec.view.revision;
      this.look(spec.view, true);
    }
    this.fillPanels();
    this.setTiles();
    this.refreshTip();
    this.repaint();
    this.hideNotice();
    this.root.dataset.cgReady = String(Number(this.root.dataset.cgReady || 0) + 1);
    this.telling = this.tell(layers).catch((error) => this.fail(error, raw));
  }

  /* Until it is known what is to be said of a thing, its name stays. */
  keepNames(layers) {
    for (const layer of layers.filter((next) => onItsWay(next.facts))) {
      const old = this.layers.find((candidate) => candidate.id === layer.id);
      const names = new Map((old ? old.items : []).map((item) => [item.id, item.facts.name]));
      for (const item of layer.items) if (names.has(item.id)) item.facts = { name: names.get(item.id) };
    }
  }

  /* What is said of things comes after they are drawn. */
  async tell(layers) {
    const late = layers.filter((layer) => onItsWay(layer.facts));
    await Promise.all(late.map(async (layer) => {
      const facts = await fetchJson(new URL(layer.facts.$url, this.base).href);
      layer.facts = facts;
      for (const item of layer.items) item.facts = textsAt(facts, item.index);
    }));
    if (!late.length || this.gone || this.layers !== layers) return;
    this.refreshTip();
    this.repaint();
  }

  /* The first time, what has arrived is drawn before the rest is there. */
  paintAsTheyCome(jobs, raw) {
    const arrived = [];
    jobs.forEach((job, i) => job.then((layer) => {
      arrived[i] = layer;
      if (this.stale(raw) || this.framed) return;
      this.layers = arrived.filter(Boolean);
      this.repaint();
    }, () => {}));
  }

  fail(error, spec) {
    if (this.stale(spec)) return;
    console.warn("map:", error.message);
    this.showNotice(this.spec.labels.load_failed, this.spec.labels.retry, () => this.update(spec));
  }

  dropDead() {
    this.framed = true;
    for (const name of ["hovered", "pinned"]) if (this[name] && !this.find(this[name])) this[name] = null;
  }

  setTheme(spec) {
    const t = spec.theme;
    for (const [key, value] of Object.entries({ paper: t.paper, deep: t.paper_deep, ink: t.ink, soft: t.ink_soft, rule: t.rule, sea: t.sea, accent: t.accent })) {
      this.root.style.setProperty(`--cg-${key}`, value);
    }
    this.family = `"${t.font}", "Public Sans", "Libre Franklin", "Franklin Gothic Medium", system-ui, sans-serif`;
    this.root.style.setProperty("--cg-font", this.family);
    this.root.setAttribute("role", "region");
    this.root.setAttribute("aria-label", [spec.labels.map, spec.title].filter(Boolean).join(": "));
    this.root.lang = spec.language;
    if (!this.fontAsked && document.fonts) {
      this.fontAsked = true;
      Promise.all([400, 600].map((w) => document.fonts.load(`${w} 12px "${t.font}"`, "Aá"))).then(() => this.repaint(), () => {});
    }
  }

  on(layer) {
    return this.switched.get(layer.id) ?? layer.visible;
  }

  shown() {
    return this.layers.filter((layer) => this.on(layer));
  }

  find(ref) {
    const layer = ref && this.layers.find((candidate) => candidate.id === ref.layer);
    const item = layer && layer.items.find((candidate) => candidate.id === ref.id);
    return item ? { layer, item, badge: ref.badge } : null;
  }

  repaint() {
    const start = performance.now();
    this.sheet.repaint();
    this.glass.repaint();
    this.lastPaint = performance.now() - start;
  }

  /* -- drawing -- */

  drawSheet(view) {
    const { ctx } = view;
    this.hits = [];
    this.labelled = new Set();
    const layers = this.shown();
    view.geographic();
    for (const layer of layers) {
      if (layer.kind === "areas") this.drawAreas(layer, view);
      else if (layer.kind === "lines") for (const shape of layer.shapes) this.drawIfSeen(shape, layer.style, view, false);
      else if (layer.kind === "surface") this.drawSurface(layer, view);
    }
    view.screen();
    this.drawMarks(layers, view);
    ctx.globalAlpha = 1;
  }

  drawIfSeen(shape, style, view, closed = true, faint = 1) {
    if (overlaps(shape.box, view.seen)) drawShape(view.ctx, shape.path, style, { ...view, closed, faint });
  }

  drawAreas(layer, view) {
    if (view.zoom < (layer.min_zoom || 0)) return;
    if (this.tiles && layer.base) return;
    const faint = this.tiles ? 0.6 : 1;
    this.inside(layer.within, view.ctx, () => {
      for (const item of layer.items) this.drawIfSeen(item.shape, item.style, view, true, faint);
    });
  }

  /* Cells of a grid end in steps: what is made of them is drawn inside the areas of another layer only. */
  inside(id, ctx, draw) {
    const areas = this.layers.find((layer) => layer.id === id);
    if (!areas) { draw(); return; }
    if (!areas.whole) {
      areas.whole = new Path2D();
      for (const { shape } of areas.items) areas.whole.addPath(shape.path);
    }
    ctx.save();
    ctx.clip(areas.whole);
    draw();
    ctx.restore();
  }

  drawSurface(layer, view) {
    const { ctx } = view;
    ctx.globalAlpha = layer.opacity;
    ctx.imageSmoothingEnabled = false;
    const { corner, opposite } = layer;
    this.inside(layer.within, ctx, () => ctx.drawImage(layer.picture, corner.x, corner.y, opposite.x - corner.x, opposite.y - corner.y));
    ctx.globalAlpha = 1;
  }

  drawMarks(layers, view) {
    const taken = [];
    const symbols = this.placeSymbols(layers, view, taken);
    this.badges = [];
    this.drawNames(layers, view, taken);
    for (const s of symbols) {
      drawSymbol(view.ctx, s.symbol, s.x, s.y, s.size, {
        open: s.open, ring: s.layer.ring && this.spec.theme.accent, paper: this.spec.theme.paper,
      });
      if (s.items.length > 1) this.drawCount(view.ctx, s);
    }
    for (const badge of this.badges) this.drawBadge(badge, view.ctx);
  }

  drawCount(ctx, s) {
    const size = 9.5;
    drawText(ctx, String(s.items.length), s.x + s.size * 0.42, s.y - s.size * 0.42, {
      font: `700 ${size}px ${this.family}`, colour: s.symbol.colour, paper: this.spec.theme.paper,
    });
  }

  /* Facilities of one town, or of towns that touch at this zoom, stand side by side in one row. */
  placeSymbols(layers, view, taken) {
    const size = view.zoom >= 7 ? 18 : view.zoom >= 5.5 ? 16 : 14;
    const frame = { left: 0, top: 0, right: view.width, bottom: view.height };
    const rows = this.gatherRows(layers, view, size).filter((row) => overlaps(row.box, frame));
    this.rows = rows.map((row) => row.box);
    return rows.flatMap((row) => [...row.stacks.values()].map((stack, i) => {
      const x = row.box.left + row.rim + (size + 3) * i + size / 2 + 1;
      const box = boxAround(x, row.y, size + 2, size + 2);
      taken.push(box);
      this.hits.push({ box, layer: stack.layer.id, ids: stack.items.map((item) => item.id), x, y: row.y });
      return { ...stack, x, y: row.y, size, symbol: this.spec.symbols[stack.layer.symbol] };
    }));
  }

  gatherRows(layers, view, size) {
    const rows = [];
    const grow = (row) => {
      row.rim = [...row.stacks.values()].some((stack) => stack.layer.ring) ? size * 0.35 : 0;
      row.box = boxAround(row.x, row.y, row.stacks.size * (size + 3) - 1 + 2 * row.rim, size + 2 + 2 * row.rim);
    };
    for (const layer of layers.filter((candidate) => candidate.kind === "points")) {
      for (const item of layer.items) {
        const p = view.toScreen(item.at);
        const own = boxAround(p.x, p.y, size, size);
        let row = rows.find((other) => Math.hypot(other.x - p.x, other.y - p.y) < 2) || rows.find((other) => overlaps(other.box, own));
        if (!row) rows.push((row = { ...p, stacks: new Map() }));
        const kind = `${layer.id} ${item.open}`;
        if (!row.stacks.has(kind)) row.stacks.set(kind, { layer, items: [], open: item.open });
        row.stacks.get(kind).items.push(item);
        grow(row);
      }
    }
    return rows;
  }

  drawNames(layers, view, taken) {
    const areas = layers.filter((layer) => layer.kind === "areas" && view.zoom >= (layer.min_zoom || 0));
    for (const layer of areas) {
      const items = layer.items.filter((item) => item.anchor && (layer.names || (layer.badges || {})[item.id]));
      items.sort((a, b) => Number(Boolean((layer.badges || {})[b.id])) - Number(Boolean((layer.badges || {})[a.id])));
      const badges = items.map((item) => this.drawAreaName(layer, item, view, taken)).filter(Boolean);
      for (const place of badges) place(); // after all names, so that none covers one
    }
    const places = layers.filter((layer) => layer.kind === "places").flatMap((layer) => layer.items);
    places.filter((place) => place.minZoom <= view.zoom).sort((a, b) => a.minZoom - b.minZoom).forEach((place) => this.drawPlace(place, view, taken));
  }

  drawAreaName(layer, item, view, taken) {
    const badge = (layer.badges || {})[item.id];
    const p = view.toScreen(item.anchor);
    if (p.x < -80 || p.y < -30 || p.x > view.width + 80 || p.y > view.height + 30) return null;
    const caps = layer.name_style !== "plain";
    const size = view.zoom >= 6.5 ? 12 : view.zoom >= 5 ? 10.5 : 9;
    const text = caps ? String(item.facts.name || "").toLocaleUpperCase(this.spec.language) : item.facts.name || "";
    const style = {
      font: `600 ${size}px ${this.family}`, spacing: caps ? "0.07em" : "0px",
      colour: layer.name_colour || this.spec.theme.ink_soft, paper: this.spec.theme.paper,
    };
    const badgeWidth = badge ? (badge.text ? 22 + this.measure(view.ctx, badge.text, `700 11px ${this.family}`) : 20) : 0;
    const nameWidth = layer.names && view.zoom >= (layer.names_from || 0) ? this.measure(view.ctx, text, style.font, style.spacing) : 0;
    const free = (box) => !taken.some((other) => overlaps(box, other));
    const lift = badge ? 9 : 0;
    const nameBox = nameWidth > 0 && [0, -12, 12, -24, 24]
      .map((dy) => boxAround(p.x, p.y - lift + dy, nameWidth + 6, size + 4))
      .find((box) => free(box) && (Math.abs((box.top + box.bottom) / 2 - p.y) < 13 || this.holds(item, box, view)));
    if (nameBox) {
      taken.push(nameBox);
      drawText(view.ctx, text, nameBox.left + 3, (nameBox.top + nameBox.bottom) / 2, style);
      this.labelled.add(item.id);
    }
    return badge && (() => this.placeBadge(layer, item, badge, p.x, nameBox ? nameBox.bottom + 9 : p.y, badgeWidth, view, taken));
  }

  holds(item, box, view) {
    const p = view.fromScreen({ x: (box.left + box.right) / 2, y: (box.top + box.bottom) / 2 });
    return PROBE.isPointInPath(item.shape.path, p.x, p.y, "evenodd");
  }

  /* A badge stays inside its department, however crowded it is there: then it is the symbol alone. */
  placeBadge(layer, item, badge, x, y, width, view, taken) {
    const cost = (box) => taken.reduce((sum, other) => sum + common(box, other), this.holds(item, box, view) ? 0 : 1e4);
    const best = (wide) => [0, 17, -17, 34, -34]
      .flatMap((dy) => [0, 0.6, -0.6, 1.2, -1.2, 2, -2].map((dx) => boxAround(x + dx * wide, y + dy, wide, 16)))
      .map((box) => ({ box, cost: cost(box) }))
      .reduce((least, next) => (next.cost < least.cost ? next : least));
    const whole = best(width);
    const crowded = badge.text && whole.cost > 0.2 * width * 16;
    const spot = crowded ? best(20).box : whole.box;
    taken.push(spot);
    this.badges.push({ spot, badge: crowded ? { ...badge, text: "" } : badge });
    this.hits.push({ box: spot, layer: layer.id, ids: [item.id], badge: true, x: (spot.left + spot.right) / 2, y: (spot.top + spot.bottom) / 2 });
  }

  drawBadge({ spot, badge }, ctx) {
    const symbol = this.spec.symbols[badge.symbol];
    const middle = (spot.top + spot.bottom) / 2;
    drawFrame(ctx, spot.left, spot.top, spot.right - spot.left, 16, badge, symbol.colour, this.spec.theme);
    drawSymbol(ctx, symbol, badge.text ? spot.left + 9 : (spot.left + spot.right) / 2, middle - 0.5, 10, { open: badge.open, paper: this.spec.theme.paper });
    ctx.font = `700 11px ${this.family}`;
    ctx.textBaseline = "middle";
    ctx.fillStyle = symbol.colour;
    ctx.fillText(badge.text, spot.left + 16, middle + 0.5);
  }

  drawPlace(place, view, taken) {
    const p = view.toScreen(place.at);
    if (p.x < 0 || p.y < 0 || p.x > view.width || p.y > view.height) return;
    const font = `500 ${view.zoom >= 7 ? 12 : 11}px ${this.family}`;
    const width = this.measure(view.ctx, place.facts.name, font);
    const symbol = this.rows.find((row) => inBox(row, p));
    const dot = boxAround(p.x, p.y, 5, 5);
    if (!symbol && taken.some((other) => overlaps(other, dot))) return; // without its dot a name would stand somewhere else
    const own = symbol || boxAround(p.x, p.y, 8, 8);
    const free = [[own.right + 2, p.y], [p.x - width / 2, own.bottom + 8], [own.left - width - 2, p.y], [p.x - width / 2, own.top - 8]]
      .map(([x, y]) => ({ left: x - 1, right: x + width + 1, top: y - 7, bottom: y + 7 }))
      .find((box) => within(box, view.visible) && !taken.some((other) => overlaps(other, box)));
    if (!free) return;
    if (!symbol) {
      view.ctx.beginPath();
      view.ctx.arc(p.x, p.y, 2, 0, 7);
      view.ctx.fillStyle = this.spec.theme.ink;
      view.ctx.fill();
    }
    taken.push(free, dot);
    drawText(view.ctx, place.facts.name, free.left + 1, (free.top + free.bottom) / 2, { font, colour: this.spec.theme.ink, paper: this.spec.theme.paper });
  }

  measure(ctx, text, font, spacing = "0px") {
    ctx.font = font;
    ctx.letterSpacing = spacing;
    const { width } = ctx.measureText(text);
    ctx.letterSpacing = "0px";
    return width;
  }

  drawGlass(view) {
    const { ctx } = view;
    const { accent, ink } = this.spec.theme;
    const chosen = this.spec.selected && this.find({ layer: this.spec.selected[0], id: this.spec.selected[1] });
    const marks = [[this.find(this.pinned), ink, 2], [this.find(this.hovered), ink, 1.8], [chosen, accent, 2.6]];
    for (const [found, colour, width] of marks) {
      if (!found || !this.on(found.layer)) continue;
      if (found.item.shape && !found.badge) {
        view.geographic();
        strokeShape(ctx, found.item.shape.path, this.spec.theme.paper, width + 2.4, view.scale);
        strokeShape(ctx, found.item.shape.path, colour, width, view.scale);
        view.screen();
      } else if (found.item.at || found.badge) {
        this.ringAround(ctx, found, view, colour, width);
      }
    }
  }

  ringAround(ctx, found, view, colour, width) {
    const hit = (this.hits || []).find((h) => h.layer === found.layer.id && Boolean(h.badge) === Boolean(found.badge) && h.ids.includes(found.item.id));
    const p = hit || view.toScreen(found.item.at);
    ctx.beginPath();
    if (hit && hit.badge) ctx.roundRect(hit.box.left - 3, hit.box.top - 3, hit.box.right - hit.box.left + 6, hit.box.bottom - hit.box.top + 6, 11);
    else ctx.arc(p.x, p.y, 14, 0, 7);
    ctx.lineWidth = width + 2;
    ctx.strokeStyle = this.spec.theme.paper;
    ctx.stroke();
    ctx.lineWidth = width;
    ctx.strokeStyle = colour;
    ctx.stroke();
  }

  /* -- pointing -- */

  listen() {
    const { map, root } = this;
    const bind = (target, events) => {
      for (const [name, handler] of Object.entries(events)) {
        target.addEventListener(name, handler);
        this.unbind.push(() => target.removeEventListener(name, handler));
      }
    };
    const handlers = {
      mousemove: (e) => this.pointAt(e),
      mouseout: () => this.hover(null),
      dragstart: () => { this.touched = true; this.hover(null); },
      click: (e) => this.click(e),
      moveend: () => this.moved(),
      zoomstart: () => { if (!this.placing) this.touched = true; },
    };
    map.on(handlers);
    this.unbind.push(() => map.off(handlers));
    bind(root, { keydown: (e) => this.key(e) });
    this.watcher = new ResizeObserver(() => this.resized());
    this.watcher.observe(root);
    this.unbind.push(() => this.watcher.disconnect());
    this.resized();
  }

  resized() {
    const width = this.root.clientWidth;
    const narrow = width < NARROW;
    if (narrow !== this.narrow) {
      this.narrow = narrow;
      this.root.classList.toggle("cg-narrow", narrow);
      this.toggleFind(!narrow, false);
    }
    this.toggleLegend(this.spec.still || (this.legendOpen ?? width >= ROOMY));
    this.root.classList.toggle("cg-wide", width >= WIDE);
    if (!width) return;
    this.map.invalidateSize({ pan: false });
    if (!this.touched && this.framed) this.look(this.spec.view, false);
  }

  moved() {
    const view = this.view();
    if (this.memory && this.touched) views.set(this.memory, view);
    this.onEvent("view", view);
    if (this.tipShown) this.placeTip();
  }

  view() {
    const { lat, lng } = this.map.getCenter();
    const round = (n) => Math.round(n * 1e4) / 1e4;
    return { lat: round(lat), lon: round(lng), zoom: Math.round(this.map.getZoom() * 100) / 100 };
  }

  /* What lies under a point of the container, topmost first. */
  hitsAt(point, kind) {
    const p = this.map.containerPointToLayerPoint(point).subtract(this.sheet._bounds.min);
    const reach = TAP_RADIUS[kind] ?? TAP_RADIUS.mouse;
    const near = (this.hits || [])
      .map((hit) => ({ hit, d: distanceToBox(hit.box, p) }))
      .filter(({ d }) => d <= reach - 9)
      .sort((a, b) => a.d - b.d);
    const marks = near.slice(0, 1).map(({ hit }) => ({ layer: hit.layer, id: hit.ids[0], ids: hit.ids, badge: hit.badge }));
    return [...marks, ...this.areasAt(this.map.containerPointToLatLng(point))];
  }

  areasAt(latlng) {
    const u = unit(latlng.lat, latlng.lng);
    const found = [];
    const zoom = this.map.getZoom();
    for (const layer of [...this.shown()].reverse()) {
      if (layer.kind !== "areas" || layer.base || zoom < (layer.min_zoom || 0)) continue;
      const item = layer.items.find(({ shape, facts }) => facts.name && inBox(shape.box, u) && PROBE.isPointInPath(shape.path, u.x, u.y, "evenodd"));
      if (item) found.push({ layer: layer.id, id: item.id });
    }
    return found;
  }

  pointAt(e) {
    if (e.originalEvent && (e.originalEvent.buttons || (e.originalEvent.target && e.originalEvent.target.closest(".cg-ui")))) return;
    if (this.pinned && this.narrow) return;
    const hits = this.hitsAt(e.containerPoint, "mouse");
    this.root.classList.toggle("cg-over", hits.length > 0);
    this.hover(hits.length ? hits : null, e.containerPoint);
  }

  hover(hits, point) {
    const top = hits && hits[0];
    const same = top && this.hovered && top.layer === this.hovered.layer && top.id === this.hovered.id && top.badge === this.hovered.badge;
    this.hovered = top || null;
    if (!same) this.glass.repaint();
    if (top) this.showTip(hits, point, false);
    else if (this.pinned) this.refreshTip();
    else this.hideTip();
  }

  click(e) {
    const kind = (e.originalEvent && e.originalEvent.pointerType) || "mouse";
    const hits = this.hitsAt(e.containerPoint, kind);
    const spot = { lat: round5(e.latlng.lat), lon: round5(e.latlng.lng) };
    const top = hits[0];
    if (!this.spec.picking) this.pin(hits.length ? hits : null, e.containerPoint);
    if (top || this.spec.picking || this.spec.selected) {
      this.onEvent("click", { layer: top ? top.layer : null, id: top ? top.id : null, ...spot });
    }
  }

  pin(hits, point) {
    this.pinned = hits ? { ...hits[0], hits, at: point ? this.map.containerPointToLatLng(point) : null } : null;
    this.hovered = null;
    if (hits) this.showTip(hits, point, true);
    else this.hideTip();
    this.glass.repaint();
  }

  key(e) {
    if (e.key !== "Escape") return;
    if (this.closeSomething()) e.stopPropagation();
  }

  closeSomething() {
    if (this.listOpen) { this.closeList(); return true; }
    if (!this.layersPanel.hidden) { this.toggleLayers(false); this.layersButton.focus(); return true; }
    if (this.narrow && this.findOpen) { this.toggleFind(false, true); return true; }
    if (this.pinned || this.hovered) { this.pin(null); return true; }
    return false;
  }

  /* -- what is said of a thing -- */

  factsOf(ref) {
    const ids = ref.ids || [ref.id];
    return ids.map((id) => {
      const found = this.find({ ...ref, id });
      if (!found) return null;
      return ref.badge ? found.layer.badges[id].facts : found.item.facts;
    }).filter((facts) => facts && facts.name);
  }

  isMark(ref) {
    const found = this.find(ref);
    return Boolean(found && (ref.badge || found.item.at));
  }

  showTip(hits, point, pinned) {
    const said = this.isMark(hits[0]) ? hits.slice(0, 1) : hits.slice(0, 2);
    const blocks = said.flatMap((ref) => this.factsOf(ref).slice(0, 5));
    const rest = this.factsOf(hits[0]).length - 5;
    if (!blocks.length) { this.hideTip(); return; }
    this.tip.replaceChildren();
    if (pinned) {
      const close = button("cg-close", this.spec.labels.close);
      close.append(icon("close"));
      close.addEventListener("click", () => { this.pin(null); this.root.focus({ preventScroll: true }); });
      this.tip.append(close);
    }
    for (const facts of blocks) this.tip.append(factBlock(facts));
    if (rest > 0) this.tip.append(el("p", "cg-note", this.spec.labels.more.replace("{n}", rest)));
    this.tip.classList.toggle("cg-pinned", pinned);
    this.tip.hidden = false;
    this.tipShown = { hits, pinned, at: point ? this.map.containerPointToLatLng(point) : null };
    this.placeTip();
    if (pinned) this.say(blocks.map(spoken).join(". "));
  }

  placeTip() {
    const { tip, tipShown } = this;
    if (this.narrow || !tipShown || !tipShown.at) { tip.style.transform = ""; return; }
    const p = this.map.latLngToContainerPoint(tipShown.at);
    const { clientWidth: w, clientHeight: h } = this.root;
    const x = p.x + 16 + tip.offsetWidth > w ? p.x - 16 - tip.offsetWidth : p.x + 16;
    const y = p.y + 16 + tip.offsetHeight > h ? p.y - 16 - tip.offsetHeight : p.y + 16;
    tip.style.transform = `translate(${Math.max(4, Math.round(x))}px, ${Math.max(4, Math.round(y))}px)`;
  }

  hideTip() {
    this.tip.hidden = true;
    this.tipShown = null;
  }

  /* After an update: the same thing, said anew, or nothing when it is gone. */
  refreshTip() {
    const { pinned, hovered, tipShown } = this;
    const shown = pinned && this.find(pinned) ? pinned : hovered && tipShown;
    if (shown) this.showTip(shown.hits, shown.at && this.map.latLngToContainerPoint(shown.at), shown === pinned);
    else if (!hovered) this.hideTip();
  }

  say(text) {
    if (this.live.textContent !== text) this.live.textContent = text;
  }

  /* -- panels -- */

  makePanels() {
    const { labels } = this.spec;
    const name = `cg${(counter += 1)}`;
    this.ui = el("div", "cg-ui");
    this.makeZoom(labels);
    this.makeTools(labels, name);
    this.makeLegend(name);
    this.foot = el("div", "cg-foot");
    this.credit = button("cg-credit", "", this.spec.labels.sources);
    this.credit.addEventListener("click", () => this.credit.setAttribute("aria-expanded", String(this.credit.getAttribute("aria-expanded") !== "true")));
    this.credit.setAttribute("aria-expanded", "false");
    this.scale = this.L.control.scale({ imperial: false, maxWidth: 110 }).addTo(this.map).getContainer();
    this.foot.append(this.scale, this.credit);
    this.tip = el("div", "cg-tip");
    this.tip.hidden = true;
    this.live = el("div", "cg-quiet");
    this.live.setAttribute("role", "status");
    this.live.setAttribute("aria-live", "polite");
    this.notice = el("div", "cg-notice");
    this.notice.setAttribute("role", "alert");
    this.notice.hidden = true;
    this.ui.append(this.zoomBox, this.tools, this.legend, this.foot, this.tip, this.notice, this.live);
    this.root.append(this.ui);
    for (const panel of [this.zoomBox, this.tools, this.legend, this.foot, this.tip, this.notice]) {
      this.L.DomEvent.disableClickPropagation(panel);
      this.L.DomEvent.disableScrollPropagation(panel);
      panel.addEventListener("mousemove", (e) => { e.stopPropagation(); if (!this.pinned) this.hover(null); });
    }
  }

  makeZoom(labels) {
    this.zoomBox = el("div", "cg-zoom");
    const more = button("cg-button", labels.zoom_in, "+");
    const less = button("cg-button", labels.zoom_out, "\u2212");
    more.addEventListener("click", () => { this.touched = true; this.map.zoomIn(); });
    less.addEventListener("click", () => { this.touched = true; this.map.zoomOut(); });
    this.zoomBox.append(more, less);
  }

  makeTools(labels, name) {
    this.tools = el("div", "cg-tools");
    this.makeFind(labels, name);
    this.layersButton = button("cg-button", labels.layers);
    this.layersButton.append(icon("layers"));
    this.layersPanel = el("div", "cg-panel");
    this.layersPanel.id = `${name}-layers`;
    this.layersPanel.setAttribute("role", "group");
    this.layersPanel.setAttribute("aria-label", labels.layers);
    this.layersButton.setAttribute("aria-controls", this.layersPanel.id);
    this.layersButton.addEventListener("click", () => this.toggleLayers(this.layersPanel.hidden));
    this.linkButton = button("cg-button", labels.copy_link);
    this.linkButton.append(icon("link"));
    this.linkButton.addEventListener("click", () => this.copyLink());
    this.tools.append(this.findBox, this.layersButton, this.linkButton, this.layersPanel);
    this.toggleLayers(false);
  }

  copyLink() {
    const link = new URL(this.spec.link, this.base);
    const { lat, lon, zoom } = this.view();
    link.searchParams.set("at", `${lon},${lat},${zoom}`);
    const done = () => this.say(this.spec.labels.copied);
    const flash = () => { this.linkButton.classList.add("cg-done"); setTimeout(() => this.linkButton.classList.remove("cg-done"), 1500); };
    return navigator.clipboard.writeText(link.href).then(() => { done(); flash(); }, () => this.showNotice(link.href));
  }

  toggleLayers(open) {
    this.layersPanel.hidden = !open;
    this.layersButton.setAttribute("aria-expanded", String(open));
  }

  makeLegend(name) {
    this.legend = el("section", "cg-legend");
    this.legendButton = button("cg-legend-head", "", this.spec.labels.legend);
    this.legendBody = el("div", "cg-legend-body");
    this.legendBody.id = `${name}-legend`;
    this.legendButton.setAttribute("aria-controls", this.legendBody.id);
    this.legendButton.addEventListener("click", () => {
      this.legendOpen = this.legendBody.hidden;
      this.toggleLegend(this.legendOpen);
    });
    this.legend.append(this.legendButton, this.legendBody);
  }

  toggleLegend(open) {
    this.legendBody.hidden = !open;
    this.legendButton.setAttribute("aria-expanded", String(open));
    this.legend.classList.toggle("cg-open", open);
  }

  fillPanels() {
    const { spec } = this;
    this.fillLegend();
    this.fillLayers();
    this.linkButton.hidden = !spec.link;
    this.credit.textContent = `${spec.labels.sources}: ${spec.credits.concat(this.tiles ? [this.tileCredit] : []).join(" \u00b7 ")}`;
    this.root.classList.toggle("cg-picking", spec.picking);
    this.root.classList.toggle("cg-still", Boolean(spec.still));
    if (spec.still) this.toggleLegend(true);
  }

  fillLegend() {
    const { spec } = this;
    const known = new Map(spec.layers.map((layer) => [layer.id, layer]));
    const number = new Intl.NumberFormat(spec.language);
    this.legendButton.textContent = spec.labels.legend;
    this.legend.setAttribute("aria-label", spec.labels.legend);
    this.legendBody.replaceChildren();
    for (const group of spec.legend) {
      const shown = group.rows.filter((row) => this.on(known.get(row.layer)));
      if (!shown.length) continue;
      const rows = el("ul", "cg-rows");
      for (const row of shown) rows.append(this.legendRow(row, number));
      if (group.title) this.legendBody.append(el("h3", "cg-group", group.title));
      this.legendBody.append(rows);
      if (group.note) this.legendBody.append(el("p", "cg-note", group.note));
    }
    const counted = spec.legend.some((group) => group.rows.some((row) => row.count !== null));
    if (counted) this.legendBody.append(el("p", "cg-note cg-rows", spec.labels.counts_country));
    this.legend.hidden = !this.legendBody.childElementCount;
  }

  legendRow(row, number) {
    const item = el("li", "cg-row");
    const label = el("span", "cg-row-label", row.label);
    if (row.counts) label.append(el("span", "cg-counts", row.counts));
    item.append(this.swatch(row), label);
    if (!row.counts && row.count !== null && row.count !== undefined) item.append(el("span", "cg-count", number.format(row.count + (row.open_count ?? 0))));
    return item;
  }

  swatch(row) {
    const canvas = el("canvas", "cg-swatch");
    const ratio = 2;
    canvas.width = 24 * ratio;
    canvas.height = 14 * ratio;
    canvas.setAttribute("aria-hidden", "true");
    const ctx = canvas.getContext("2d");
    ctx.scale(ratio, ratio);
    const path = new Path2D();
    if (row.symbol) {
      const symbol = this.spec.symbols[row.symbol];
      if (row.kind) drawFrame(ctx, 4, 1, 16, 12, row, symbol.colour, this.spec.theme);
      drawSymbol(ctx, symbol, 12, 7, row.ring || row.kind ? 8 : 13, {
        open: row.open, ring: row.ring && this.spec.theme.accent, paper: this.spec.theme.paper,
      });
    } else if (row.line) {
      path.moveTo(1, 7);
      path.lineTo(23, 7);
      drawShape(ctx, path, { ...row.line, width: Math.max(1.5, row.line.width) }, { scale: 1, ratio, closed: false });
    } else {
      path.rect(1, 1, 22, 12);
      drawShape(ctx, path, row.style, { scale: 1, ratio });
    }
    return canvas;
  }

  fillLayers() {
    const focused = this.layersPanel.contains(activeIn(this.root)) ? activeIn(this.root).value : null;
    this.layersPanel.replaceChildren();
    for (const layer of this.spec.layers.filter((candidate) => candidate.toggle)) {
      const line = el("label", "cg-check");
      const box = el("input");
      box.type = "checkbox";
      box.value = layer.id;
      box.checked = this.on(layer);
      box.addEventListener("change", () => this.switchLayer(layer, box.checked));
      line.append(box, el("span", "", layer.title));
      this.layersPanel.append(line);
      if (focused === layer.id) box.focus();
    }
    this.layersButton.hidden = !this.layersPanel.childElementCount;
  }

  switchLayer(layer, on) {
    this.switched.set(layer.id, on);
    this.setTiles();
    this.fillPanels();
    this.dropHidden();
    this.repaint();
    this.onEvent("layers", Object.fromEntries(this.switched));
  }

  dropHidden() {
    if (this.pinned && !this.on(this.find(this.pinned).layer)) this.pin(null);
  }

  /* Online tiles are a guest: three errors and they go. */
  setTiles() {
    const wanted = this.spec.layers.find((layer) => layer.kind === "tiles" && this.on(layer));
    if (this.tiles && (!wanted || wanted.url !== this.tileUrl)) {
      this.tiles.remove();
      this.tiles = null;
    }
    if (!wanted || this.tiles) return;
    let errors = 0;
    this.tileUrl = wanted.url;
    this.tileCredit = wanted.credit;
    this.tiles = this.L.tileLayer(wanted.url, { maxZoom: 13 });
    this.tiles.on("tileerror", () => {
      errors += 1;
      if (errors !== 3) return;
      this.switchLayer(wanted, false);
      this.showNotice(this.spec.labels.tiles_failed);
    });
    this.tiles.addTo(this.map);
  }

  showNotice(text, action, run) {
    this.notice.replaceChildren(el("p", "", text));
    if (action) {
      const again = button("cg-text-button", null, action);
      again.addEventListener("click", run);
      this.notice.append(again);
    }
    const close = button("cg-close", this.spec.labels.close);
    close.append(icon("close"));
    close.addEventListener("click", () => this.hideNotice());
    this.notice.append(close);
    this.notice.hidden = false;
  }

  hideNotice() {
    this.notice.hidden = true;
  }

  /* -- find by name: also the list by which a keyboard reaches everything on the map -- */

  makeFind(labels, name) {
    this.findBox = el("div", "cg-find");
    this.findButton = button("cg-button cg-find-button", labels.find);
    this.findButton.append(icon("find"));
    this.findButton.addEventListener("click", () => this.toggleFind(!this.findOpen, true));
    this.input = el("input", "cg-input");
    this.input.type = "text";
    this.input.autocomplete = "off";
    this.input.spellcheck = false;
    this.input.placeholder = labels.find;
    this.list = el("ul", "cg-list");
    this.list.id = `${name}-list`;
    this.list.hidden = true;
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", labels.find);
    for (const [key, value] of Object.entries({ role: "combobox", "aria-label": labels.find, "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": this.list.id })) this.input.setAttribute(key, value);
    this.input.title = labels.find_hint;
    this.input.addEventListener("input", () => this.openList());
    this.input.addEventListener("click", () => this.openList());
    this.input.addEventListener("keydown", (e) => this.findKey(e));
    this.input.addEventListener("blur", () => this.closeList());
    this.list.addEventListener("mousedown", (e) => e.preventDefault());
    this.findBox.append(this.findButton, this.input, this.list);
  }

  toggleFind(open, focus) {
    this.findOpen = open;
    this.findBox.classList.toggle("cg-open", open);
    this.findButton.setAttribute("aria-expanded", String(open));
    if (!open) this.closeList();
    if (focus) (open ? this.input : this.findButton).focus();
  }

  /* Everything with a name, in the order of the layers from the top; places only when asked for. */
  candidates(query) {
    const words = plain(query).split(/\s+/).filter(Boolean);
    const out = [];
    for (const layer of [...this.shown()].reverse()) {
      if (layer.base || (layer.kind === "places" && words.join("").length < 2)) continue;
      for (const item of layer.items) {
        const entries = [[item.facts, false], [((layer.badges || {})[item.id] || {}).facts, true]];
        for (const [facts, badge] of entries) {
          if (!facts || !facts.name) continue;
          const text = plain(facts.name);
          if (words.every((word) => text.includes(word))) out.push({ layer: layer.id, id: item.id, badge, facts, title: layer.noun || layer.title, rank: rank(words, text, layer) });
        }
      }
    }
    return words.length ? out.sort((a, b) => a.rank - b.rank).slice(0, 60) : out;
  }

  openList() {
    if (this.hovered) this.hover(null);
    this.found = this.candidates(this.input.value);
    this.active = -1;
    this.list.replaceChildren();
    this.found.forEach((ref, i) => {
      const option = el("li", "cg-option");
      option.id = `${this.list.id}-${i}`;
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", "false");
      option.append(el("span", "cg-option-name", ref.facts.name), el("span", "cg-option-kind", ref.title));
      option.addEventListener("click", () => this.choose(i));
      this.list.append(option);
    });
    if (!this.found.length) {
      const none = el("li", "cg-option cg-none", this.spec.labels.find_none);
      none.setAttribute("role", "option");
      none.setAttribute("aria-disabled", "true");
      none.setAttribute("aria-selected", "false");
      this.list.append(none);
    }
    this.list.hidden = false;
    this.listOpen = true;
    this.input.setAttribute("aria-expanded", "true");
    this.input.removeAttribute("aria-activedescendant");
  }

  closeList() {
    if (!this.list || !this.listOpen) return;
    this.listOpen = false;
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
    if (this.hovered) this.hover(null);
  }

  findKey(e) {
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 };
    if (e.key in steps) {
      e.preventDefault();
      if (!this.listOpen) this.openList();
      this.step(steps[e.key]);
    } else if (e.key === "Enter" && this.listOpen) {
      e.preventDefault();
      this.choose(Math.max(0, this.active));
    }
  }

  step(by) {
    const n = this.found.length;
    if (!n) return;
    const from = this.active;
    this.active = Math.abs(by) === 1 ? (from + by + n + (from < 0 && by < 0 ? 1 : 0)) % n : Math.max(0, Math.min(n - 1, from + by));
    const options = this.list.children;
    if (options[from]) options[from].setAttribute("aria-selected", "false");
    const option = options[this.active];
    option.setAttribute("aria-selected", "true");
    option.scrollIntoView({ block: "nearest" });
    this.input.setAttribute("aria-activedescendant", option.id);
    this.focusOn(this.found[this.active]);
  }

  placeOf({ item }) {
    const p = item.at || item.anchor || { x: (item.shape.box.left + item.shape.box.right) / 2, y: (item.shape.box.top + item.shape.box.bottom) / 2 };
    const { lat, lon } = degrees(p);
    return [lat, lon];
  }

  /* Keyboard focus does what hovering does, and brings the thing into view. */
  focusOn(ref) {
    const found = this.find(ref);
    if (!found) return;
    const at = this.placeOf(found);
    this.touched = true;
    this.map.panInside(at, { padding: [70, 70], animate: false });
    this.hovered = { layer: ref.layer, id: ref.id, badge: ref.badge };
    this.glass.repaint();
    this.showTip([this.hovered], this.map.latLngToContainerPoint(at), false);
    this.say(spoken(ref.facts));
  }

  choose(i) {
    const ref = this.found[i];
    if (!ref) return;
    const found = this.find(ref);
    const at = this.placeOf(found);
    this.closeList();
    this.input.value = ref.facts.name;
    this.touched = true;
    this.goTo(found, at);
    this.pin([{ layer: ref.layer, id: ref.id, badge: ref.badge }], this.map.latLngToContainerPoint(at));
    this.onEvent("click", { layer: ref.layer, id: ref.id, lat: round5(at[0]), lon: round5(at[1]) });
    if (this.narrow) this.toggleFind(false, false);
  }

  goTo({ item }, at) {
    const options = { animate: !this.calm };
    if (!item.shape) {
      this.map.setView(at, Math.max(this.map.getZoom(), 8), options);
      return;
    }
    const { left, top, right, bottom } = item.shape.box;
    const a = degrees({ x: left, y: top });
    const b = degrees({ x: right, y: bottom });
    this.map.fitBounds([[a.lat, a.lon], [b.lat, b.lon]], { ...options, ...this.clearOfLegend(40), maxZoom: 9 });
  }

  /* -- for hosts and tests -- */

  select(layer, id) {
    this.spec = { ...this.spec, selected: layer ? [layer, id] : null };
    this.glass.repaint();
  }

  stats() {
    const layers = this.layers.map((layer) => {
      const classes = {};
      for (const item of layer.items) if (item.class) classes[item.class] = (classes[item.class] || 0) + 1;
      return { id: layer.id, kind: layer.kind, on: this.on(layer), items: layer.items.length, classes };
    });
    return { layers, marks: (this.hits || []).map(({ box, ...rest }) => rest), names: [...(this.labelled || [])], paint_ms: this.lastPaint };
  }

  destroy() {
    this.gone = true;
    for (const undo of this.unbind) undo();
    if (this.tiles) this.tiles.remove();
    this.sheet.remove();
    this.glass.remove();
    this.ui.remove();
    if (this.ownsMap) {
      const box = this.root;
      this.map.remove();
      box.remove();
    }
  }
}

let counter = 0;
const PROBE = document.createElement("canvas").getContext("2d");

function boxAround(x, y, width, height) {
  return { left: x - width / 2, right: x + width / 2, top: y - height / 2, bottom: y + height / 2 };
}

function inBox(box, p) {
  return p.x >= box.left && p.x <= box.right && p.y >= box.top && p.y <= box.bottom;
}

function common(a, b) {
  return Math.max(0, Math.min(a.right, b.right) - Math.max(a.left, b.left)) * Math.max(0, Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top));
}

function within(inner, outer) {
  return inner.left >= outer.left && inner.right <= outer.right && inner.top >= outer.top && inner.bottom <= outer.bottom;
}

function distanceToBox(box, p) {
  return Math.hypot(Math.max(box.left - p.x, 0, p.x - box.right), Math.max(box.top - p.y, 0, p.y - box.bottom));
}

function round5(n) {
  return Math.round(n * 1e5) / 1e5;
}

function plain(text) {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}

/* Whole words before beginnings before the rest, and what the map is about before places. */
function rank(words, text, layer) {
  if (!words.length) return 0;
  const names = text.split(/[^\p{L}\p{N}]+/u);
  const match = words.every((word) => names.includes(word)) ? 0 : text.startsWith(words[0]) ? 1 : 2;
  return 2 * match + (layer.kind === "places" ? 1 : 0);
}

function activeIn(node) {
  return node.getRootNode().activeElement;
}

function factBlock(facts) {
  const block = el("div", "cg-facts");
  block.append(el("p", "cg-name", facts.name));
  for (const key of FACT_LINES) if (facts[key]) block.append(el("p", `cg-${key}`, facts[key]));
  const origin = [facts.source, facts.year].filter(Boolean).join(", ");
  if (origin) block.append(el("p", "cg-origin", origin));
  return block;
}

function spoken(facts) {
  return ["name", "value", "pair", "year", "source", "note"].map((key) => facts[key]).filter(Boolean).join(", ");
}

export function paint(container, spec, options) {
  const painter = new Painter(container, spec, options);
  return {
    ready: painter.update(spec),
    map: painter.map,
    update: (next) => painter.update(next),
    select: (layer, id) => painter.select(layer, id),
    view: () => painter.view(),
    stats: () => painter.stats(),
    destroy: () => painter.destroy(),
  };
}

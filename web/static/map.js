// The hall as a picture over the same check boxes that the list below it has. One listener for all
// seats, and a change touches only the seats that changed: a plan of 10,000 answers at once.
"use strict";
(() => {
  const map = document.getElementById("map"), form = document.getElementById("pick");
  if (!map || !form) return;
  const SVG = "http://www.w3.org/2000/svg", RADIUS = 21, FINGER = 24 / 50;  // 24 px between neighbours
  const boxes = [...form.querySelectorAll("input[name=seats]")];
  const limit = Number(form.dataset.limit), marks = new Map(), box_of = new Map();
  const say = document.getElementById("say");
  const make = (name, attributes) => {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  };
  const shapes = JSON.parse(form.dataset.shapes || "[]"), areas = JSON.parse(form.dataset.areas || "[]");
  const seats = boxes.map((box) => ({ box, x: Number(box.dataset.x), y: Number(box.dataset.y) }));
  let left = Infinity, top = 0, right = -Infinity, bottom = -Infinity;
  const within = (x, y) => {
    left = Math.min(left, x); right = Math.max(right, x);
    top = Math.min(top, y); bottom = Math.max(bottom, y);
  };
  for (const seat of seats) within(seat.x, seat.y);
  for (const area of areas) { within(area.left, area.top); within(area.right, area.bottom); }
  for (const shape of shapes) for (const [x, y] of shape.corners) within(x, y);
  left -= 60; top -= 150; right += 60; bottom += 60;
  const width = right - left, height = bottom - top;
  const svg = make("svg", {
    viewBox: `${left} ${top} ${width} ${height}`, tabindex: "0", role: "listbox",
    "aria-multiselectable": "true", "aria-label": form.dataset.label, "aria-describedby": "map-help",
  });
  const label = (x, y, text, parent = svg) => {
    const element = make("text", { x, y, "aria-hidden": "true" });
    element.textContent = text;
    parent.append(element);
    return element;
  };
  svg.append(make("rect", { class: "stage", x: left + width * 0.2, y: top + 20, width: width * 0.6, height: 64, rx: 20 }));
  label(left + width / 2, top + 66, form.dataset.stage);
  for (const shape of shapes) {
    svg.append(make("polygon", { class: "shape", points: shape.corners.map((corner) => corner.join(",")).join(" ") }));
    const middle = (n) => shape.corners.reduce((sum, corner) => sum + corner[n], 0) / shape.corners.length;
    if (shape.name) label(middle(0), middle(1), shape.name);
  }
  for (const area of areas) {
    svg.append(make("rect", {
      class: `area t${area.tier}`, "data-zone": area.zone, rx: 20,
      x: area.left - 30, y: area.top - 30, width: area.right - area.left + 60, height: area.bottom - area.top + 60,
    }));
    label((area.left + area.right) / 2, (area.top + area.bottom) / 2, `${area.zone}: ${area.free}`);
  }
  // A state or a need is told by the shape as well as by the colour.
  const outline = (box, x, y) => {
    const r = RADIUS;
    if (box.dataset.need === "accessible") return make("rect", { x: x - r, y: y - r, width: 2 * r, height: 2 * r, rx: 4 });
    if (box.dataset.need) return make("path", { d: `M${x} ${y - r - 4}l${r + 4} ${r + 4}l${-r - 4} ${r + 4}l${-r - 4} ${-r - 4}z` });
    if (box.dataset.view) return make("path", { d: `M${x} ${y - r}l${r} ${2 * r}h${-2 * r}z` });
    return make("circle", { cx: x, cy: y, r });
  };
  const paint = (box) => {
    const mark = marks.get(box.value), state = box.dataset.state || (box.disabled ? "taken" : "free");
    const gone = state !== "free";
    mark.setAttribute("class", `${gone ? "" : "seat "}t${box.dataset.tier} ${gone ? state : ""}${box.checked ? " chosen" : ""}`);
    if (mark.tagName === "circle") mark.setAttribute("r", gone && !box.checked && state === "taken" ? 10 : RADIUS);
  };
  const all = make("g", {});
  for (const seat of seats) {
    const mark = outline(seat.box, seat.x, seat.y);
    mark.setAttribute("data-seat", seat.box.value);
    marks.set(seat.box.value, mark);
    box_of.set(seat.box.value, seat);
    paint(seat.box);
    all.append(mark);
  }
  svg.append(all);
  const ring = make("circle", { class: "ring", r: RADIUS + 9, visibility: "hidden" });
  svg.append(ring);
  map.append(svg);

  let scale = 1, here = null;
  const whole = () => Math.min(1, (map.clientWidth - 2) / width);
  function zoom(to) {
    const middle = [(map.scrollLeft + map.clientWidth / 2) / scale, (map.scrollTop + map.clientHeight / 2) / scale];
    scale = Math.min(1.2, Math.max(whole(), to));
    svg.setAttribute("width", width * scale);
    svg.setAttribute("height", height * scale);
    map.scrollLeft = middle[0] * scale - map.clientWidth / 2;
    map.scrollTop = middle[1] * scale - map.clientHeight / 2;
  }
  function show(seat, always) {
    const at = [(seat.x - left) * scale, (seat.y - top) * scale], edge = 60;
    const seen = at[0] > map.scrollLeft + edge && at[0] < map.scrollLeft + map.clientWidth - edge
      && at[1] > map.scrollTop + edge && at[1] < map.scrollTop + map.clientHeight - edge;
    if (seen && !always) return;
    map.scrollLeft = at[0] - map.clientWidth / 2;
    map.scrollTop = at[1] - map.clientHeight / 2;
  }
  document.getElementById("closer").addEventListener("click", () => zoom(scale * 1.5));
  document.getElementById("further").addEventListener("click", () => zoom(scale / 1.5));
  scale = Math.max(whole(), FINGER);
  zoom(scale);
  map.scrollLeft = (width * scale - map.clientWidth) / 2;
  map.scrollTop = 0;

  const chosen = new Set(boxes.filter((box) => box.checked));
  const price = form.dataset.currency
    && new Intl.NumberFormat(document.documentElement.lang, { style: "currency", currency: form.dataset.currency });
  const decimals = price && price.resolvedOptions().maximumFractionDigits;
  function update() {
    const picked = document.getElementById("picked");
    if (picked) picked.textContent = form.dataset.picked.replace("#", chosen.size);
    if (!document.getElementById("chosen")) return;
    const cents = [...chosen].reduce((sum, box) => sum + Number(box.dataset.cents), 0);
    document.getElementById("chosen").textContent = chosen.size
      ? `${chosen.size} × · ${price.format(cents / 10 ** decimals)}` : form.dataset.none;
    document.getElementById("names").textContent = [...chosen].map((box) => box.dataset.short).join(", ");
  }
  form.addEventListener("change", (event) => {
    const box = event.target;
    if (!marks.has(box.value)) return;
    if (box.checked && limit && chosen.size >= limit) {
      box.checked = false;
      say.textContent = form.dataset.most;
    }
    if (box.checked) chosen.add(box); else chosen.delete(box);
    paint(box);
    update();
  });
  const tell = (box) => `${box.getAttribute("aria-label")}${box.disabled ? `, ${form.dataset.taken}` : ""}`;
  function go(seat) {
    if (here) marks.get(here.box.value).removeAttribute("id");
    here = seat;
    const mark = marks.get(seat.box.value);
    mark.id = "at";
    mark.setAttribute("role", "option");
    mark.setAttribute("aria-label", tell(seat.box));
    mark.setAttribute("aria-selected", seat.box.checked);
    mark.setAttribute("aria-disabled", seat.box.disabled);
    svg.setAttribute("aria-activedescendant", "at");
    ring.setAttribute("cx", seat.x);
    ring.setAttribute("cy", seat.y);
    ring.setAttribute("visibility", "visible");
    show(seat, false);
  }
  const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  function neighbour([dx, dy]) {
    let best = null, least = Infinity;
    for (const seat of seats) {
      const along = (seat.x - here.x) * dx + (seat.y - here.y) * dy;
      const aside = Math.abs((seat.x - here.x) * dy) + Math.abs((seat.y - here.y) * dx);
      if (along > 0 && along + 3 * aside < least) [best, least] = [seat, along + 3 * aside];
    }
    return best;
  }
  svg.addEventListener("keydown", (event) => {
    if (!seats.length || event.ctrlKey || event.metaKey || event.altKey) return;
    if (STEPS[event.key]) go((here && neighbour(STEPS[event.key])) || here || seats[0]);
    else if ((event.key === "Enter" || event.key === " ") && here) {
      if (here.box.disabled) say.textContent = tell(here.box);
      else here.box.click();
      go(here);
    } else if (event.key === "+" || event.key === "-") {
      zoom(event.key === "+" ? scale * 1.5 : scale / 1.5);
      if (here) show(here, true);
    } else return;
    event.preventDefault();
  });
  svg.addEventListener("focus", () => { if (!here && seats.length) go(seats.find((seat) => !seat.box.disabled) || seats[0]); });
  const title = make("title", {});
  svg.addEventListener("pointerover", (event) => {
    const seat = box_of.get(event.target.dataset.seat);
    if (!seat) return;
    title.textContent = tell(seat.box);
    event.target.append(title);
  });
  svg.addEventListener("click", (event) => {
    const zone = document.getElementById("zone"), count = document.getElementById("count");
    if (event.target.dataset.zone && zone) {
      zone.value = event.target.dataset.zone;
      count.focus();
      return;
    }
    const seat = box_of.get(event.target.dataset.seat);
    if (!seat || seat.box.disabled) return;
    if (scale < FINGER * 0.9) {  // too small for a finger: come closer first
      zoom(FINGER);
      show(seat, true);
      return;
    }
    seat.box.click();
    go(seat);
  });
  update();

  // The organiser's view: what is paid, held or free now, seat by seat and by zone.
  const words = JSON.parse(form.dataset.words || "{}");
  async function refresh() {
    try {
      const answer = await fetch(form.dataset.live, { headers: { Accept: "application/json" } });
      if (answer.ok) {
        const now = await answer.json();
        for (const zone of now.zones) for (const cell of document.querySelectorAll(`#zones tr[data-zone="${CSS.escape(zone.zone)}"] td`)) {
          cell.textContent = zone[cell.dataset.state];
        }
        for (const cell of document.querySelectorAll("[data-total]")) {
          cell.textContent = now.zones.reduce((sum, zone) => sum + zone[cell.dataset.total], 0);
        }
        for (const seat of now.seats) {
          const known = box_of.get(seat.seat_id);
          if (!known || known.box.dataset.state === seat.state) continue;
          known.box.dataset.state = seat.state;
          known.box.disabled = seat.state === "held" || seat.state === "sold";
          known.box.setAttribute("aria-label", `${known.box.dataset.name}: ${words[seat.state]}`);
          if (known.box.disabled) { known.box.checked = false; chosen.delete(known.box); }
          paint(known.box);
        }
        update();
      }
    } finally { setTimeout(refresh, 5000); }
  }
  if (form.dataset.live) setTimeout(refresh, 5000);
})();

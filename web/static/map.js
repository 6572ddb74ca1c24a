// The hall as a picture over the same check boxes that the list below it has.
"use strict";
(() => {
  const map = document.getElementById("map"), form = document.getElementById("pick");
  if (!map || !form) return;
  const SVG = "http://www.w3.org/2000/svg", RADIUS = 21, FINGER = 24 / 50;  // 24 px between neighbours
  const boxes = [...form.querySelectorAll("input[name=seats]")];
  const limit = Number(form.dataset.limit), circles = new Map();
  const make = (name, attributes) => {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  };
  const xs = boxes.map((b) => Number(b.dataset.x)), ys = boxes.map((b) => Number(b.dataset.y));
  const left = Math.min(...xs) - 60, top = Math.min(...ys) - 150;
  const width = Math.max(...xs) - left + 60, height = Math.max(...ys) - top + 60;
  const svg = make("svg", { viewBox: `${left} ${top} ${width} ${height}`, "aria-hidden": "true" });
  svg.append(make("rect", { class: "stage", x: left + width * 0.2, y: top + 20, width: width * 0.6, height: 64, rx: 20 }));
  const stage = make("text", { x: left + width / 2, y: top + 66 });
  stage.textContent = form.dataset.stage;
  svg.append(stage);
  for (const box of boxes) {
    const circle = make("circle", {
      cx: box.dataset.x, cy: box.dataset.y, r: RADIUS, "data-seat": box.value,
      class: box.disabled ? "taken" : `seat t${box.dataset.tier}`,
    });
    const title = make("title", {});
    title.textContent = box.getAttribute("aria-label");
    circle.append(title);
    circles.set(box.value, circle);
    svg.append(circle);
  }
  map.append(svg);

  let scale = 1;
  const whole = () => Math.min(1, (map.clientWidth - 2) / width);
  function zoom(to) {
    const middle = [(map.scrollLeft + map.clientWidth / 2) / scale, (map.scrollTop + map.clientHeight / 2) / scale];
    scale = Math.min(1.2, Math.max(whole(), to));
    svg.setAttribute("width", width * scale);
    svg.setAttribute("height", height * scale);
    map.scrollLeft = middle[0] * scale - map.clientWidth / 2;
    map.scrollTop = middle[1] * scale - map.clientHeight / 2;
  }
  document.getElementById("closer").addEventListener("click", () => zoom(scale * 1.5));
  document.getElementById("further").addEventListener("click", () => zoom(scale / 1.5));
  scale = Math.max(whole(), FINGER);
  zoom(scale);
  map.scrollLeft = (width * scale - map.clientWidth) / 2;
  map.scrollTop = 0;

  function update() {
    const chosen = boxes.filter((box) => box.checked);
    for (const box of boxes) circles.get(box.value).classList.toggle("chosen", box.checked);
    const cents = chosen.reduce((sum, box) => sum + Number(box.dataset.cents), 0);
    const price = new Intl.NumberFormat(document.documentElement.lang, { style: "currency", currency: form.dataset.currency });
    const decimals = price.resolvedOptions().maximumFractionDigits;
    document.getElementById("chosen").textContent = chosen.length
      ? `${chosen.length} × · ${price.format(cents / 10 ** decimals)}` : form.dataset.none;
    document.getElementById("names").textContent = chosen.map((box) => box.dataset.short).join(", ");
  }
  form.addEventListener("change", (event) => {
    const chosen = boxes.filter((box) => box.checked);
    if (chosen.length > limit) {
      event.target.checked = false;
      document.getElementById("say").textContent = form.dataset.most;
    }
    update();
  });
  svg.addEventListener("click", (event) => {
    const circle = event.target.closest("circle[data-seat]");
    const box = circle && boxes.find((b) => b.value === circle.dataset.seat);
    if (!box || box.disabled) return;
    if (scale < FINGER * 0.9) {  // too small for a finger: come closer first
      const at = [Number(circle.getAttribute("cx")) - left, Number(circle.getAttribute("cy")) - top];
      zoom(FINGER);
      map.scrollLeft = at[0] * scale - map.clientWidth / 2;
      map.scrollTop = at[1] * scale - map.clientHeight / 2;
      return;
    }
    box.click();
  });
  update();
})();

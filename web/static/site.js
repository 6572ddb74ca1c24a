// On every page: times in the reader's own zone, countdowns, and what a form may tell about itself.
"use strict";
(() => {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
  const lang = document.documentElement.lang;
  const locale = navigator.language.startsWith(lang) ? navigator.language : lang;
  const long = new Intl.DateTimeFormat(locale, {
    weekday: "short", day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit",
  });
  const start = Date.now();
  // Nothing here tells two browsers of one kind apart: it only has to fit what the browser says.
  const tells = {
    tz: zone, screen: `${screen.width}x${screen.height}`, platform: navigator.platform || "",
    language: navigator.language || "", driven: navigator.webdriver === true,
    touch: navigator.maxTouchPoints > 0,
    get open_ms() { return Math.min(Math.max(Date.now() - start, 1), 86400000); },
    press: "nobody", worker_platform: "", worker_language: "", patched: patched() || "",
    // A window of a browser has more in it than the page, unless it fills the screen.
    get frameless() {
      return innerWidth === outerWidth && innerHeight === outerHeight && !is("(display-mode: fullscreen)") || "";
    },
  };

  function is(query) {
    return matchMedia(query).matches;
  }

  // Browsers keep these in the prototype, and the functions that answer for them are their own.
  function patched() {
    const own = (name) => Object.getOwnPropertyDescriptor(Navigator.prototype, name)?.get;
    return Object.getOwnPropertyNames(navigator).length > 0 || ["webdriver", "platform", "languages"].some(
      (name) => own(name) && !/\[native code\]/.test(Function.prototype.toString.call(own(name))));
  }

  function pressed(event) {
    if (!event.isTrusted) return;
    tells.press = event.pointerType === "mouse" && event.detail && !is("(any-pointer: fine)") ? "no-mouse" : "";
  }
  for (const kind of ["keydown", "click"]) document.addEventListener(kind, pressed, true);

  // Whoever feigns another machine in a page forgets its workers, mostly.
  let worker;
  function ask(root) {
    const place = root.querySelector("[data-worker]");
    if (worker || !place || !window.Worker) return;
    worker = new Worker(place.dataset.worker);
    worker.onmessage = ({ data: [platform, language] }) => {
      if (platform !== tells.platform) tells.worker_platform = platform;
      if (language !== tells.language) tells.worker_language = language;
      tell(document);
      worker.terminate();
    };
  }

  function tell(root) {
    for (const field of root.querySelectorAll("[data-tell]")) field.value = tells[field.dataset.tell];
  }

  function localise(root) {
    for (const time of root.querySelectorAll("time[datetime]")) {
      time.textContent = long.format(new Date(time.dateTime));
      time.title = zone;
    }
    tell(root);
    ask(root);
    tick(root);
  }

  document.addEventListener("submit", (event) => tell(event.target), true);

  function words(seconds) {
    const d = Math.floor(seconds / 86400), h = Math.floor(seconds / 3600) % 24;
    const m = Math.floor(seconds / 60) % 60, s = seconds % 60;
    const two = (n) => String(n).padStart(2, "0");
    if (d) return `${d} d ${h} h`;
    return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
  }

  // The last minute and the last half are said aloud, once each; every second would be noise.
  function tick(root) {
    for (const place of root.querySelectorAll("[data-countdown]")) {
      const left = Math.max(0, Math.ceil((new Date(place.dataset.countdown) - Date.now()) / 1000));
      place.textContent = words(left);
      const say = document.getElementById("say");
      const due = left > 60 ? "" : left > 30 ? "60" : left ? "30" : place.dataset.said;
      if (say && "warn" in place.dataset && due !== (place.dataset.said || "")) {
        place.dataset.said = due;
        if (due) say.textContent = (say.dataset.seconds || "{count} s").replace("{count}", left);
      }
      if (!left && "reload" in place.dataset && Date.now() - start > 3000) {
        delete place.dataset.reload;
        setTimeout(() => location.reload(), 500 + Math.random() * 1500);
      }
    }
  }

  window.fairticket = { localise };
  localise(document);
  setInterval(() => tick(document), 1000);
  const problem = document.querySelector("[data-focus]");
  if (problem) problem.focus();
  // A form that was sent once is not sent again by a second tap.
  document.addEventListener("submit", (event) => {
    if (event.target.method !== "post") return;
    if (event.target.dataset.sent) { event.preventDefault(); return; }
    event.target.dataset.sent = "yes";
    setTimeout(() => delete event.target.dataset.sent, 4000);
  });
})();

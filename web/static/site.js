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
  };

  function localise(root) {
    for (const time of root.querySelectorAll("time[datetime]")) {
      time.textContent = long.format(new Date(time.dateTime));
      time.title = zone;
    }
    for (const field of root.querySelectorAll("[data-tell]")) {
      field.value = tells[field.dataset.tell];
    }
    tick(root);
  }

  document.addEventListener("submit", (event) => {
    for (const field of event.target.querySelectorAll("[data-tell=open_ms]")) field.value = tells.open_ms;
  }, true);

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

// The page of a tour: looks at the boards of its lines, which are cached and the same for all, and
// takes the page anew when a board says that something has changed for this fan.
"use strict";
(() => {
  const LOOK_MS = 6000, SLOW_MS = 60000, TURN_MS = 60000;
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const say = document.getElementById("say");
  let wait = LOOK_MS, turned = Date.now();

  async function board(sale) {
    const answer = await fetch(`/api/v1/sales/${sale}/board`, { cache: "no-cache", headers: { Accept: "application/json" } });
    if (answer.status === 404) return null; // it has not opened yet
    if (!answer.ok) throw new Error(answer.status);
    return answer.json();
  }

  // Whether the server has more to say than this page shows.
  function moved(row, now) {
    const { phase, place, window } = row.dataset;
    if (phase === "soon") return true;
    if (phase === "waiting_draw") return window !== "None" && now.first_undrawn > Number(window);
    return phase === "in_line" && now.served_place >= Number(place);
  }

  function changes(row, now) {
    const before = row.dataset, news = [], date = before.date;
    const states = { paused: now.status === "paused", soldOut: Boolean(now.sold_out) };
    for (const [name, is] of Object.entries(states)) {
      if ((before[name] === "yes") === is) continue;
      before[name] = is ? "yes" : "no";
      if (is || name === "paused") news.push(fill(say.dataset[is ? name : "resumed"], { date }));
    }
    if ((before.message || "") !== (now.message || "")) {
      before.message = now.message || "";
      if (now.message) news.push(fill(say.dataset.message, { date, message: now.message }));
    }
    return news;
  }

  // Takes the page anew; returns what has changed on which date.
  async function turnOver() {
    turned = Date.now();
    const answer = await fetch(location.pathname, { cache: "no-store", headers: { Accept: "text/html" } });
    if (!answer.ok) return [];
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const before = new Map([...document.querySelectorAll("[data-sale]")].map((row) => [row.dataset.sale, row.dataset.phase]));
    document.getElementById("tour").replaceWith(document.adoptNode(page.getElementById("tour")));
    window.fairticket.localise(document.getElementById("tour"));
    return [...document.querySelectorAll("[data-sale]")]
      .filter((row) => before.get(row.dataset.sale) !== row.dataset.phase)
      .map((row) => `${row.dataset.date}: ${row.querySelector(".standing").textContent.trim()}`);
  }

  async function look() {
    const rows = [...document.querySelectorAll("[data-sale]")].filter((row) => !["over", "done", "left"].includes(row.dataset.phase));
    const boards = await Promise.all(rows.map((row) => board(row.dataset.sale)));
    const news = rows.flatMap((row, n) => (boards[n] ? changes(row, boards[n]) : []));
    const due = rows.some((row, n) => boards[n] && moved(row, boards[n]));
    if (news.length || due || Date.now() - turned > TURN_MS) news.push(...await turnOver());
    if (news.length) say.textContent = news.join(" ");
  }

  async function go() {
    try {
      if (!document.hidden) await look();
      wait = LOOK_MS;
    } catch { wait = Math.min(SLOW_MS, wait * 1.6); }
    setTimeout(go, wait * (0.8 + 0.4 * Math.random()));
  }

  document.addEventListener("visibilitychange", () => { if (!document.hidden) look().catch(() => {}); });
  if (document.querySelector("[data-sale]")) setTimeout(go, 1500 + 1500 * Math.random());
})();

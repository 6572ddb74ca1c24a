// The waiting page: looks at the board, and at the own place when it may have changed.
"use strict";
(() => {
  const LOOK_MS = 3000, SLOW_MS = 30000;
  const $ = (id) => document.getElementById(id);
  const number = (n) => (n == null ? "–" : n.toLocaleString(document.documentElement.lang));
  let looks = 0, wait = LOOK_MS, said = "";

  function say(text) {
    if (text && text !== said) { said = text; $("say").textContent = text; }
  }

  async function get(path) {
    const answer = await fetch(path, { cache: "no-cache", headers: { Accept: "application/json" } });
    if (!answer.ok) {
      const retry = Number(answer.headers.get("Retry-After")) || 0;
      throw Object.assign(new Error(answer.status), { status: answer.status, retry: retry * 1000 });
    }
    return answer.json();
  }

  // Something else to do now: take the new face of the page from the server, and say its heading.
  async function turnOver() {
    const answer = await fetch(location.pathname, { cache: "no-store", headers: { Accept: "text/html" } });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const next = page.getElementById("status");
    if (!next) return;
    $("status").replaceWith(document.adoptNode(next));
    window.fairticket.localise($("status"));
    const heading = $("where");
    say(heading ? heading.textContent : "");
    if ($("enter")) { document.title = `● ${heading.textContent}`; $("enter").focus(); }
  }

  function eta(ahead, pace) {
    const text = $("eta").dataset;
    if (ahead === 0) return text.soon;
    if (!pace || pace < 0.01) return "–";
    const minutes = ahead / pace / 60, low = Math.max(1, Math.floor(minutes * 0.8)), high = Math.ceil(minutes * 1.3);
    if (high <= 1) return text.soon;
    return (low === high ? "~{high} min" : text.range).replace("{low}", low).replace("{high}", high);
  }

  function show(board) {
    const message = $("message");
    if (message.textContent !== board.message) {
      message.textContent = board.message;
      message.classList.toggle("hidden", !board.message);
      say(board.message);
    }
    for (const cell of document.querySelectorAll("[data-tier]")) {
      const stock = board.stock[cell.dataset.tier];
      if (stock) cell.textContent = number(stock.free);
    }
    const mine = $("place");
    if (!mine || board.status === "rebuilding") return null;
    const place = Number(mine.dataset.place), ahead = Math.max(0, place - board.served_place - 1);
    const before = $("ahead").textContent;
    $("ahead").textContent = number(ahead);
    $("served").textContent = number(board.served_place);
    $("progress").value = place - ahead;
    $("eta").textContent = eta(ahead, board.pace_per_s);
    if (before !== $("ahead").textContent && (ahead < 10 || looks % 10 === 0)) {
      say(`${$("where").textContent}: ${number(ahead)}`);
    }
    return ahead;
  }

  async function look() {
    const status = $("status"), { sale, phase, verdict, signedIn } = status.dataset;
    looks += 1;
    try {
      let ahead = null;
      try {
        const board = await get(`/api/v1/sales/${sale}/board`);
        if ((board.status === "paused") !== Boolean($("paused"))) return await turnOver();
        ahead = show(board);
      } catch (error) {
        if (error.status !== 404) throw error;
      }
      if (signedIn === "yes" && !["over", "done", "left"].includes(phase)) {
        if (ahead === null || ahead < 100 || looks % 5 === 0) {
          const place = await get(`/api/v1/sales/${sale}/place`);
          const same = place.state === phase || (place.state === "unknown" && ["soon", "open"].includes(phase))
            || (phase === "held_up" && ["review", "refuse"].includes(place.verdict));
          if (!same || place.verdict !== verdict) await turnOver();
        }
      }
      wait = phase === "soon" ? SLOW_MS / 2 : LOOK_MS;
    } catch (error) {
      wait = Math.min(SLOW_MS, Math.max(error.retry || 0, wait * 1.6));
    }
    return null;
  }

  async function go() {
    if (!document.hidden) await look();
    setTimeout(go, wait * (0.8 + 0.4 * Math.random()));
  }

  document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
  if ($("status")) setTimeout(go, 1000 * Math.random() + 500);
})();

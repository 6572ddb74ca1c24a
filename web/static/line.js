// The waiting page: looks at the board, which is the same for all and comes from a cache. It asks for
// its own place when the board says that this has changed, and else about once a minute.
"use strict";
(() => {
  // Between two looks at the board. It is a second old at most, so that what changes is on the page
  // within two seconds; where very many wait, within three.
  const LOOK_MS = 750, CROWD_MS = 1500, CROWD = 20000, SLOW_MS = 30000;
  const PLACE_MS = 75000; // between two questions for the own place, if the board gives no reason
  const CALM_MS = 240000; // the same for who is called in more than five times that
  const FANS_A_SECOND = 5000; // how many pages ask at once after a draw that concerns them all
  const $ = (id) => document.getElementById(id);
  let wait = LOOK_MS, known = "", turned = false, askAt = soonest();
  let source = null, timer = 0;

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
    window.fairticket.tell();
    if ($("enter")) { document.title = `● ${$("where").textContent}`; $("enter").focus(); }
  }

  function soonest(board) {
    const mine = $("place"), phase = $("status") ? $("status").dataset.phase : "";
    const ahead = mine && board ? Number(mine.dataset.place) - board.served_place : 0;
    const calm = phase === "in_line" && board && ahead > board.pace_per_s * 5 * CALM_MS / 1000;
    return Date.now() + (calm ? CALM_MS : PLACE_MS) * (1 + 0.25 * Math.random());
  }

  // What the board says about this fan's place that the page does not show yet.
  function news(board) {
    const { phase, window } = $("status").dataset;
    if (phase === "waiting_draw" && window !== "None" && board.first_undrawn > Number(window)) return "drawn";
    if (phase === "in_line" && board.served_place >= Number($("place").dataset.place)) return "called";
    return "";
  }

  // A whole crowd hears of its draw at once: the pages ask one after the other, at random.
  function hear(board) {
    const heard = news(board);
    if (!heard || heard === known) return;
    known = heard;
    turned = true;
    const spread = heard === "drawn" ? Math.min(120000, board.arrived / FANS_A_SECOND * 1000) : 1000;
    askAt = Math.min(askAt, Date.now() + spread * Math.random());
  }

  async function ask(board) {
    const { sale, phase, verdict } = $("status").dataset;
    askAt = soonest(board);
    if (turned) {
      turned = false;
      await turnOver();
      if ($("status").dataset.phase !== phase) known = "";
      return;
    }
    const place = await get(`/api/v1/sales/${sale}/place`);
    const same = place.state === phase || (place.state === "unknown" && ["soon", "open"].includes(phase))
      || (phase === "held_up" && ["review", "refuse"].includes(place.verdict));
    if (same && place.verdict === verdict) return;
    known = "";
    await turnOver();
  }

  function take(board) {
    window.fairticket.show(board);
    hear(board);
    return board;
  }

  // Where the site offers it, the board comes by itself while somebody looks at the page; looking
  // goes on, rarely, for what the board cannot tell, and takes over when nothing comes any more.
  function listen() {
    const path = $("status").dataset.events;
    if (!path || !window.EventSource || document.hidden) return;
    source = new EventSource(path);
    source.onmessage = (event) => {
      const before = askAt;
      take(JSON.parse(event.data));
      if (askAt < before) plan();
    };
    source.onerror = () => { wait = LOOK_MS; plan(); };
  }

  async function look() {
    const { sale, phase, signedIn } = $("status").dataset;
    try {
      let board = null;
      try {
        board = take(await get(`/api/v1/sales/${sale}/board`));
      } catch (error) {
        if (error.status !== 404) throw error;
      }
      const waits = signedIn === "yes" && !["over", "done", "left"].includes(phase);
      if (waits && Date.now() >= askAt) await ask(board);
      wait = phase === "soon" ? SLOW_MS / 2 : board && board.arrived > CROWD ? CROWD_MS : LOOK_MS;
      if (source && source.readyState === EventSource.OPEN) wait = SLOW_MS;
    } catch (error) {
      wait = Math.min(SLOW_MS, Math.max(error.retry || 0, wait * 1.6));
    }
    return null;
  }

  async function go() {
    if (!document.hidden) await look();
    plan();
  }

  function plan() {
    const until = askAt - Date.now(), usual = wait * (0.8 + 0.4 * Math.random());
    clearTimeout(timer);
    timer = setTimeout(go, until > 0 ? Math.min(until, usual) : usual);
  }

  document.addEventListener("visibilitychange", () => {
    if (source) source.close();
    if (document.hidden) return;
    listen();
    look();
  });
  if ($("status")) {
    listen();
    timer = setTimeout(go, 1000 * Math.random() + 500);
  }
})();

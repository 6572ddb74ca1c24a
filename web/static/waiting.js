// What a board changes on the page, and what of that is said aloud: a change of state, never a tick.
"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const number = (n) => (n == null ? "–" : n.toLocaleString(document.documentElement.lang));
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  let said = "";

  // The live region of the page: a screen reader reads what is put into it.
  function say(...texts) {
    const text = texts.filter(Boolean).join(" ");
    if (text && text !== said) { said = text; $("say").textContent = text; }
  }

  // The same as `eta.between` and `line_pages.eta_of` on the server.
  function between(waits, ahead) {
    let low = [0, 0, 0], high = low, share = 0;
    for (const row of waits) {
      [low, high] = [high, row];
      share = (ahead - low[0]) / Math.max(1, high[0] - low[0]);
      if (ahead <= high[0]) break;
    }
    if (ahead > high[0]) { low = [0, 0, 0]; share = ahead / Math.max(1, high[0]); }
    return [1, 2].map((n) => low[n] + share * (high[n] - low[n]));
  }

  function eta(ahead, board, words) {
    const waits = (board.eta || {}).waits || [];
    if (board.status === "paused") return words.paused;
    if (ahead === 0) return words.soon;
    if (!waits.length) return words.unknown;
    const [shortest, longest] = between(waits, ahead);
    const hours = longest > 7200, unit = hours ? 3600 : 60, high = Math.ceil(longest / unit);
    const low = Math.max(1, Math.floor(shortest / unit));
    if (!hours && high <= 1) return words.soon;
    return fill(hours ? words.hours : words.range, { low, high: Math.max(low, high) });
  }

  function toggle(box, shown) {
    const changed = box.classList.contains("hidden") === shown;
    box.classList.toggle("hidden", !shown);
    return changed;
  }

  // A draw whose public random number is late: since when, and what happens then.
  function lateDraw(board) {
    const box = $("late-draw"), draw = board.draw;
    if (!box) return "";
    const late = Boolean(draw && draw.late_since), clock = { hour: "2-digit", minute: "2-digit", second: "2-digit" };
    for (const part of late ? box.querySelectorAll("[data-late]") : []) {
      const at = draw[part.dataset.late];
      if (at) part.textContent = new Date(at).toLocaleTimeString(document.documentElement.lang, clock);
    }
    return toggle(box, late) && late ? box.textContent.replace(/\s+/g, " ").trim() : "";
  }

  function notices(board, words) {
    const news = [], message = $("message"), text = $("message-text");
    if (text.textContent !== board.message) {
      text.textContent = board.message;
      toggle(message, Boolean(board.message));
      toggle($("message-from"), board.status !== "rebuilding");
      if (board.message) news.push(message.textContent.trim());
    }
    const paused = $("paused"), pauses = board.status === "paused";
    if (toggle(paused, pauses)) news.push(pauses ? paused.textContent : words.resumed);
    news.push(lateDraw(board));
    return news;
  }

  function tiers(board, words) {
    const news = [];
    for (const cell of document.querySelectorAll("[data-tier]")) {
      const { tier, left } = cell.dataset, stock = board.stock[tier];
      if (!stock) continue;
      const now = stock.left || (stock.free ? "some" : "none");
      const shown = fill(words[now], { count: number(stock.free) });
      if (cell.textContent !== shown) cell.textContent = shown;
      if (now === left) continue;
      cell.dataset.left = now;
      cell.parentElement.classList.toggle("gone", now === "none");
      if (now === "none") news.push(fill(words.soldOut, { tier }));
      else if (left === "none" || left === "returns") news.push(fill(words.again, { tier }));
    }
    return news;
  }

  // The same as `board.chance` on the server.
  function chanceOf(board, place) {
    if (board.outlook === "returns" || board.outlook === "none") return board.outlook;
    return place && board.likely_place != null && place > board.likely_place ? "low" : "good";
  }

  function chance(board, place) {
    const box = $("chance"), now = chanceOf(board, place), before = box.dataset.chance;
    if (now === before) return [];
    box.dataset.chance = now;
    box.textContent = box.dataset[now] || "";
    toggle(box, now !== "good");
    return [box.textContent];
  }

  function standing(board, place) {
    const ahead = Math.max(0, place - board.served_place - 1);
    for (const [id, text] of [
      ["ahead", number(ahead)], ["served", number(board.served_place)],
      ["eta", eta(ahead, board, $("eta").dataset)],
    ]) {
      if ($(id).textContent !== text) $(id).textContent = text;
    }
    $("progress").value = place - ahead;
  }

  // Shows what the board says. Its numbers may change every second: they are read, not heard.
  function show(board) {
    const words = $("say").dataset, mine = $("place"), place = mine ? Number(mine.dataset.place) : 0;
    const news = notices(board, words);
    if (board.status !== "rebuilding") { // a line that is lost knows no numbers
      news.push(...tiers(board, words), ...chance(board, place));
      if (place) standing(board, place);
    }
    say(...news);
  }

  // Says what the page is about now, after it has turned over.
  function tell() {
    const heading = $("where");
    if (heading) say(heading.dataset.say || heading.textContent);
  }

  Object.assign(window.fairticket, { show, tell });
})();

// The console's sale page: takes fresh numbers and charts every few seconds.
"use strict";
(() => {
  const LOOK_MS = 3000;
  async function look() {
    try {
      const answer = await fetch(location.pathname, { cache: "no-store", headers: { Accept: "text/html" } });
      if (answer.ok && !answer.redirected && !document.hidden) {
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const next = page.getElementById("live"), now = document.getElementById("live");
        if (next && next.dataset.state !== now.dataset.state) { location.replace(location.pathname); return; }
        if (next) {
          now.replaceWith(document.adoptNode(next));
          window.fairticket.localise(document.getElementById("live"));
        }
      }
    } catch { /* the next look may do better */ }
    setTimeout(look, LOOK_MS);
  }
  if (document.getElementById("live")) setTimeout(look, LOOK_MS);
})();

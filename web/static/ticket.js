// Keeps the code of a ticket fresh: shows the one of this moment, and fetches more in good time.
"use strict";
(() => {
  const parser = new DOMParser();

  function keep(box) {
    let codes = [], stepMs = 30000, skew = 0, shown = -1, fetching = false;
    async function more() {
      if (fetching) return;
      fetching = true;
      try {
        const began = Date.now();
        const answer = await fetch(`/api/v1/tickets/${box.dataset.ticket}/codes`, { cache: "no-store" });
        if (answer.ok) {
          const found = await answer.json();
          skew = found.now_us / 1000 - (began + Date.now()) / 2;
          stepMs = found.step_s * 1000;
          codes = found.codes;
        }
      } catch { /* no network: what was fetched serves for minutes */ }
      setTimeout(() => { fetching = false; }, 5000);
    }
    function show() {
      const now = Date.now() + skew, step = Math.floor(now / stepMs);
      const at = codes.findIndex((one) => one.step === step);
      if (at < 0 || (codes.length - at) * 2 < codes.length) more();
      const left = box.parentElement.querySelector("[data-left]");
      box.classList.toggle("gone", at < 0 && codes.length > 0);
      if (left && at >= 0) left.textContent = Math.ceil(stepMs / 1000 - (now / 1000) % (stepMs / 1000));
      if (at < 0 || step === shown) return;
      shown = step;
      const drawn = parser.parseFromString(codes[at].svg, "image/svg+xml").documentElement;
      box.replaceChildren(document.importNode(drawn, true));
      const text = document.getElementById("code-text");
      if (text) text.textContent = codes[at].code;
      box.dataset.code = codes[at].code;
    }
    more().then(show);
    setInterval(show, 1000);
    document.addEventListener("visibilitychange", show);
  }

  for (const box of document.querySelectorAll("[data-ticket]")) keep(box);
})();

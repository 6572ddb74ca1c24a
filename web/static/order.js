// The order page while something is on its way: asks again until it has changed.
"use strict";
(() => {
  const box = document.getElementById("order");
  if (!box || !box.dataset.waits) return;
  let wait = 500;
  async function look() {
    try {
      const answer = await fetch(`/api/v1/orders/${box.dataset.order}`, { cache: "no-store", headers: { Accept: "application/json" } });
      const order = answer.ok ? await answer.json() : null;
      if (order && (order.state !== box.dataset.state || (order.changed_at || "") !== box.dataset.changed)) {
        location.replace(location.pathname);
        return;
      }
    } catch { /* the next look may do better */ }
    wait = Math.min(5000, wait * 1.3);
    setTimeout(look, wait);
  }
  setTimeout(look, wait);
})();

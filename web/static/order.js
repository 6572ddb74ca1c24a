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

// A hold that can be extended: the button comes near the end, and what was typed stays.
(() => {
  const form = document.getElementById("extension");
  const clock = document.querySelector("[data-countdown][data-warn]");
  if (!form || !clock) return;
  const box = document.getElementById("order"), say = document.getElementById("say");
  const step = Number(form.dataset.step), button = form.querySelector("button");
  const left = () => (new Date(clock.dataset.countdown) - Date.now()) / 1000;

  function show() {
    const hidden = left() > step * 0.75;
    if (form.hidden && !hidden && document.activeElement === document.body) {
      form.hidden = false;
      button.focus();
    }
    form.hidden = hidden;
  }

  async function look() {
    const answer = await fetch(`/api/v1/orders/${box.dataset.order}`, { cache: "no-store", headers: { Accept: "application/json" } });
    const order = answer.ok ? await answer.json() : null;
    if (!order || order.state !== box.dataset.state || !order.extensions_left) {
      location.replace(location.pathname);
      return;
    }
    clock.dataset.countdown = order.held_until;
    form.elements.n.value = order.extensions + 1;
    say.textContent = say.dataset.extended.replace("{count}", Math.floor(left()));
  }

  form.addEventListener("submit", async (event) => {
    if (event.defaultPrevented) return;
    event.preventDefault();
    try {
      await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
      await look();
    } catch { /* without a network nothing changed: pressing it again asks again */ }
    show();
  });
  show();
  setInterval(show, 1000);
})();

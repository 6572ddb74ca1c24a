// On the page of preferences: lets this browser show notices, and only when its reader presses.
"use strict";
(() => {
  const form = document.getElementById("add-device");
  if (!form) return;
  const say = (which) => {
    for (const text of form.querySelectorAll("[data-say]")) text.hidden = text.dataset.say !== which;
  };
  const bytes = (text) => Uint8Array.from(
    atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
  const text64 = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

  // The id that the site gives to an address, so that this browser is known in the list.
  async function idOf(endpoint) {
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(endpoint));
    return `dev_${text64(digest).slice(0, 22)}`;
  }

  // For the worker, which cannot ask a page when the browser changes its address by itself.
  async function keep(endpoint) {
    const { account, key } = form.dataset;
    const cache = await caches.open("fairticket-device");
    await cache.put("/account/devices/this", new Response(JSON.stringify({ account, endpoint, key })));
  }

  async function look() {
    if (!("serviceWorker" in navigator && "PushManager" in window && "Notification" in window)) {
      // Safari on iPhones and iPads can do it in a site on the home screen, and says so by this.
      if (navigator.standalone === false) say("home");
      return;
    }
    const worker = await navigator.serviceWorker.getRegistration("/account/");
    const mine = worker && await worker.pushManager.getSubscription();
    const here = mine && document.querySelector(`[data-device="${await idOf(mine.endpoint)}"]`);
    if (here) {
      here.querySelector("[data-this]").hidden = false;
      await keep(mine.endpoint);
    }
    say(here ? "here" : Notification.permission === "denied" ? "denied" : "ready");
  }

  async function subscribe() {
    const worker = await navigator.serviceWorker.register("/account/worker.js", { scope: "/account/" });
    await navigator.serviceWorker.ready;
    const before = await worker.pushManager.getSubscription();
    if (before) await before.unsubscribe(); // perhaps of somebody else who signed in here
    const key = bytes(form.dataset.key);
    return worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      if (await Notification.requestPermission() !== "granted") { say("denied"); return; }
      const { endpoint, keys } = (await subscribe()).toJSON();
      Object.assign(form.elements.endpoint, { value: endpoint });
      Object.assign(form.elements.p256dh, { value: keys.p256dh });
      Object.assign(form.elements.auth, { value: keys.auth });
      await keep(endpoint);
      form.submit();
    } catch {
      say("failed");
    }
  });
  look().catch(() => say("failed"));
})();

// Keeps the gate's page working without a network: asks the network first, then what was kept.
"use strict";
const PATIENCE_MS = 3000;
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const { method, url } = event.request, address = new URL(url);
  if (method !== "GET" || address.origin !== location.origin || address.pathname.startsWith("/api/")) return;
  event.respondWith((async () => {
    const kept = await caches.match(event.request);
    if (!kept) return fetch(event.request);
    const late = new Promise((_, no) => setTimeout(() => no(new Error("late")), PATIENCE_MS));
    return Promise.race([fetch(event.request), late]).catch(() => kept);
  })());
});

// Shows what was pushed to this browser, and opens the page that it is about when it is pressed.
"use strict";
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

function read(data) {
  try { return data.json(); } catch { return {}; } // something must be shown whatever came
}

self.addEventListener("push", (event) => {
  const { title, body, url, tag, lang } = read(event.data);
  event.waitUntil(self.registration.showNotification(title || "FairTicket", {
    body, tag, lang, icon: "/favicon.ico", data: { url: url || "/" },
  }));
});

// A browser may change its address for us by itself, also while no page is open. What it was known
// by before is in the cache that the page of notices wrote.
self.addEventListener("pushsubscriptionchange", (event) => event.waitUntil((async () => {
  const cache = await caches.open("fairticket-device");
  const kept = await cache.match("/account/devices/this");
  if (!kept) return; // this device was never added
  const { account, endpoint: before, key } = await kept.json();
  const manager = self.registration.pushManager;
  const asked = { userVisibleOnly: true, applicationServerKey: key };
  const now = event.newSubscription || await manager.getSubscription() || await manager.subscribe(asked);
  const { endpoint, keys: { p256dh, auth } } = now.toJSON();
  const answer = await fetch("/account/devices/moved", {
    method: "POST", headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ account, before, endpoint, p256dh, auth }),
  });
  if (answer.ok) {
    await cache.put("/account/devices/this", new Response(JSON.stringify({ account, endpoint, key })));
  }
})()));

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil((async () => {
    // Only ever a page of this site, whatever address it is known by.
    const { pathname, search } = new URL(event.notification.data.url, location.origin);
    const open = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
    const there = open.find((page) => new URL(page.url).pathname === pathname);
    return there ? there.focus() : self.clients.openWindow(location.origin + pathname + search);
  })());
});

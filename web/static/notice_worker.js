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

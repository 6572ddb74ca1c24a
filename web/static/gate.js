// The gate's page: scans, asks the box office, or decides alone when there is no network.
"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const said = $("main").dataset, words = JSON.parse(said.words), id = said.performance;
  const KEY = `gate:${id}`, CACHE = `gate-${id}`, LIST = `/gate/${id}/list`, SIGNS = { in: "✓", out: "✓" };
  const ASK_MS = 2500, SYNC_MS = 10000, FRESH_MS = 300000, AGAIN_MS = 3000, MOST = 200;
  if (location.hash.length > 1) {
    localStorage.setItem(KEY, location.hash.slice(1));
    history.replaceState(null, "", location.pathname);
  }
  const token = () => localStorage.getItem(KEY) || "";
  let list = null, skew = 0, online = navigator.onLine, syncing = false, asked = Promise.resolve();
  let scans = JSON.parse(localStorage.getItem(`${KEY}:scans`) || "[]"); // yes-scans since the list
  const now = () => Date.now() + skew;
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const time = (us) => new Date(us / 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const words_of = (text, scan) => fill(text, { gate: scan.gate, time: time(scan.at_us) });
  const pending = () => scans.filter((scan) => !scan.sent);

  function keep() {
    localStorage.setItem(`${KEY}:scans`, JSON.stringify(scans));
    $("pending").textContent = pending().length ? fill(said.pending, { count: pending().length }) : "";
  }

  async function call(path, body) {
    const answer = await fetch(`/api/v1/gate/${id}/${path}`, {
      method: body ? "POST" : "GET", cache: "no-store", signal: AbortSignal.timeout(body ? ASK_MS : 60000),
      headers: { Authorization: `Bearer ${token()}`, ...(body ? { "Content-Type": "application/json" } : {}) },
      body: body && JSON.stringify(body),
    });
    if (answer.status === 401) return null;
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.json();
  }

  function reach(yes) {
    online = yes;
    $("network").textContent = !list ? said.nolist : online ? said.online : fill(said.offline, { time: time(list.now_us) });
    document.body.dataset.online = String(online);
  }

  function use(found) {
    list = found;
    skew = found.skew;
    $("about").textContent = found.about;
    $("name").textContent = found.gate;
    document.body.dataset.ready = "yes";
  }

  function show(answer) {
    const yes = answer.reason in SIGNS, box = $("verdict");
    box.className = `verdict ${yes ? "yes" : "no"}`;
    box.dataset.reason = answer.reason;
    box.querySelector(".sign").textContent = yes ? "✓" : "✗";
    box.querySelector(".words").textContent = answer.words || words[answer.reason];
    box.querySelector(".seat").textContent = [answer.seat, answer.holder].filter(Boolean).join(" · ");
    const other = answer.other ? words_of(said.since, answer.other) : "";
    box.querySelector(".why").textContent = [answer.because, other].filter(Boolean).join(" · ");
    if (navigator.vibrate) navigator.vibrate(yes ? 80 : [200, 80, 200]);
  }

  // Both gates are told; whoever scanned earlier is the first, on either screen.
  function double(answer, mine) {
    const first = answer.other.at_us < mine.at_us ? answer.other : mine;
    const line = document.createElement("li");
    line.textContent = `${said.double}: ${answer.seat}, ${answer.ticket_id} (${words_of(said.first, first)})`;
    $("doubles").classList.remove("hidden");
    $("doubles").querySelector("ul").append(line);
  }

  async function decide(code, way) {
    const scan = { scan_id: crypto.randomUUID(), way };
    let answer = null;
    if (online || !list) {
      try {
        answer = await call("check", { ...scan, code }) || { reason: "closed" };
        reach(true);
      } catch { reach(false); }
    }
    const sent = answer !== null;
    if (!answer) answer = list ? await window.gateCheck(list, scans, code, way, now()) : { reason: "cannot" };
    if (answer.reason in SIGNS) {
      scans.push({ ...scan, ticket_id: answer.ticket_id, at_us: Math.round(now() * 1000), gate: list ? list.gate : "", sent });
      keep();
    }
    if (list && !answer.holder) answer.holder = (list.tickets[answer.ticket_id] || [])[1];
    show(answer);
  }
  // One after the other: two quick scans of one ticket are two questions.
  const check = (code, way) => { asked = asked.then(() => decide(code, way)); return asked; };

  async function fetchList() {
    const began = Date.now(), found = await call("bundle");
    if (!found) { show({ reason: "closed" }); return; }
    const end = Date.now();
    found.skew = found.now_us / 1000 - (began + end) / 2;
    found.fetched = end;
    scans = scans.filter((scan) => !scan.sent || scan.at_us > found.now_us);
    keep();
    use(found);
    const store = await caches.open(CACHE);
    await store.put(LIST, new Response(JSON.stringify(found)));
  }

  async function send() {
    const some = pending().slice(0, MOST);
    const plain = some.map(({ scan_id, ticket_id, way, at_us }) => ({ scan_id, ticket_id, way, at_us }));
    const found = await call("scans", { scans: plain });
    if (!found) { show({ reason: "closed" }); return false; }
    found.answers.forEach((answer, n) => { if (answer.reason === "already" && answer.other) double(answer, some[n]); });
    for (const scan of some) scan.sent = true;
    keep();
    return true;
  }

  async function sync() {
    if (syncing || !token()) return;
    syncing = true;
    try {
      const merged = pending().length > 0;
      while (pending().length && await send());
      if (merged || !list || !online || Date.now() - list.fetched > FRESH_MS) await fetchList();
      reach(true);
    } catch { reach(false); }
    syncing = false;
  }

  async function keepPage() {
    if (!("serviceWorker" in navigator)) return;
    await navigator.serviceWorker.register("/gate/worker.js", { scope: "/gate/" });
    const assets = [...document.querySelectorAll("link[href], script[src]")].map((one) => one.href || one.src);
    await (await caches.open(CACHE)).addAll([location.pathname, ...assets]);
    await navigator.serviceWorker.ready;
    document.body.dataset.kept = "yes";
  }

  const way = () => new FormData($("scan")).get("way");
  $("scan").addEventListener("submit", (event) => {
    event.preventDefault();
    const code = $("code").value.trim();
    $("code").value = "";
    $("code").focus();
    if (code) check(code, way());
  });

  async function look(detector, video, last) {
    const [first] = await detector.detect(video).catch(() => []);
    const again = first && first.rawValue === last.code && Date.now() - last.at < AGAIN_MS;
    if (first && !again) await check(first.rawValue, way());
    setTimeout(look, 150, detector, video, first ? { code: first.rawValue, at: Date.now() } : last);
  }
  if ("BarcodeDetector" in window && navigator.mediaDevices) {
    $("camera").classList.remove("hidden");
    $("camera").addEventListener("click", async () => {
      const video = $("video");
      try {
        video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      } catch { return; }
      video.classList.remove("hidden");
      $("camera").classList.add("hidden");
      video.play().catch(() => {});
      look(new BarcodeDetector({ formats: ["qr_code"] }), video, { code: "", at: 0 });
    });
  }

  async function start() {
    const kept = window.caches && await caches.match(LIST);
    if (kept) use(await kept.json());
    keep();
    if (!token()) show({ reason: "closed" });
    reach(navigator.onLine);
    await sync();
    await keepPage().catch(() => {});
  }
  addEventListener("online", sync);
  addEventListener("offline", () => reach(false));
  setInterval(sync, SYNC_MS);
  start();
})();

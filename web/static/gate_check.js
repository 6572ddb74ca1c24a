// Decides about a ticket with the gate's keys and list alone: docs/gate.md says how.
"use strict";
(() => {
  const utf8 = (text) => new TextEncoder().encode(text);
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));

  async function hmac(key, data) {
    const usable = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
    return new Uint8Array(await crypto.subtle.sign("HMAC", usable, data));
  }

  // RFC 4226, six digits.
  async function password(secret, step) {
    const counter = new DataView(new ArrayBuffer(8));
    counter.setBigUint64(0, BigInt(step));
    const mac = await hmac(secret, counter.buffer), start = mac[mac.length - 1] & 15;
    const number = new DataView(mac.buffer).getUint32(start) & 0x7fffffff;
    return String(number % 1e6).padStart(6, "0");
  }

  async function isCurrent(list, ticket, given, nowMs) {
    const secret = await hmac(bytes(list.rotation_key), utf8(ticket));
    const now = Math.floor(nowMs / 1000 / list.step_s);
    for (let step = now - list.slack; step <= now + list.slack; step += 1) {
      if (await password(secret, step) === given) return true;
    }
    return false;
  }

  // The words of a code whose signature holds; false when it is not ours, null when we cannot tell.
  async function read(list, code) {
    try {
      const [prefix, payload, signature, ...rest] = code.trim().split(".");
      if (prefix !== "FT1" || rest.length > 1) return false;
      const signed = bytes(payload), proof = bytes(signature);
      let key;
      try {
        key = await crypto.subtle.importKey("raw", bytes(list.public_key), "Ed25519", false, ["verify"]);
      } catch { return null; }
      if (!await crypto.subtle.verify("Ed25519", key, proof, signed)) return false;
      const [ticket, sale, seat, kind] = JSON.parse(new TextDecoder().decode(signed));
      return { ticket, sale, seat, printed: kind === "print", password: rest[0] || "" };
    } catch { return false; }
  }

  // Where the holder is: what the list knew, and what this phone saw since.
  function lastOf(list, mine, ticket) {
    const seen = mine.filter((scan) => scan.ticket_id === ticket);
    if (list.entries[ticket]) seen.push(list.entries[ticket]);
    return seen.sort((a, b) => a.at_us - b.at_us).pop();
  }

  // Returns {reason, ticket_id, seat, holder, because, other}.
  async function check(list, mine, code, way, nowMs) {
    if (nowMs * 1000 > list.until_us) return { reason: "closed" };
    const found = await read(list, code);
    if (!found) return { reason: found === null ? "cannot" : "forged" };
    const told = list.tickets[found.ticket], last = lastOf(list, mine, found.ticket);
    const answer = { ticket_id: found.ticket, seat: told ? told[0] : found.seat, holder: told && told[1] };
    const no = (reason, more) => ({ ...answer, reason, ...more });
    if (found.sale !== list.sale_id) return no("other-date");
    if (found.printed && !list.printed) return no("printed");
    if (!found.printed && !found.password) return no("picture");
    if (!found.printed && !await isCurrent(list, found.ticket, found.password, nowMs)) return no("old");
    if (found.ticket in list.annulled) return no("annulled", { because: list.annulled[found.ticket] });
    if (!told) return no("unknown");
    const inside = last !== undefined && last.way === "in";
    if (inside === (way === "in")) return no(way === "in" ? "already" : "not-inside", { other: last });
    return no(way);
  }

  window.gateCheck = check;
})();

// Checks a receipt in the reader's own browser. The server is asked for public keys, no more:
// docs/ledger.md describes the file, the hashes (RFC 6962) and the signatures (Ed25519).
"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const utf8 = (text) => new TextEncoder().encode(text);
  const same = (a, b) => a.length === b.length && a.every((byte, n) => byte === b[n]);
  const fromHex = (text) => Uint8Array.from(text.match(/../g) || [], (two) => parseInt(two, 16));
  const fromBase64 = (text) => Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  const fromBase64Url = (text) => fromBase64(text.replace(/-/g, "+").replace(/_/g, "/"));

  async function hash(...parts) {
    return new Uint8Array(await crypto.subtle.digest("SHA-256", await new Blob(parts).arrayBuffer()));
  }
  const leafHash = (data) => hash(Uint8Array.of(0), data);
  const nodeHash = (left, right) => hash(Uint8Array.of(1), left, right);

  // RFC 9162, 2.1.3.2: does this path lead from the leaf at `index` to the root over `size`?
  async function includes(index, size, leaf, path, root) {
    if (!(Number.isSafeInteger(index) && index >= 0 && index < size)) return false;
    let position = BigInt(index), last = BigInt(size - 1), top = leaf;
    for (const step of path) {
      if (step.length !== 32 || last === 0n) return false;
      if (position % 2n || position === last) {
        top = await nodeHash(step, top);
        while (position % 2n === 0n && position) { position >>= 1n; last >>= 1n; }
      } else {
        top = await nodeHash(top, step);
      }
      position >>= 1n; last >>= 1n;
    }
    return last === 0n && same(top, root);
  }

  // true or false; null when this browser has no Ed25519.
  async function signed(key, signature, message) {
    let usable;
    try {
      usable = await crypto.subtle.importKey("raw", key, "Ed25519", false, ["verify"]);
    } catch (error) {
      return null;
    }
    return crypto.subtle.verify("Ed25519", usable, signature, message);
  }

  async function get(name) {
    const answer = await fetch(`/ledger/${name}`);
    if (!answer.ok) throw new Error(`/ledger/${name}: ${answer.status}`);
    return (await answer.text()).trim();
  }

  // A JWS: header.payload.signature. Returns who arrived when, and whether the line signed that.
  async function readPromise(text, key) {
    const [header, payload, signature] = text.trim().split(".");
    const kind = JSON.parse(new TextDecoder().decode(fromBase64Url(header)));
    if (kind.alg !== "Ed25519" || kind.typ !== "fairticket-arrival") throw new Error("not a promise");
    const words = JSON.parse(new TextDecoder().decode(fromBase64Url(payload)));
    return [words, await signed(key, fromBase64Url(signature), utf8(`${header}.${payload}`))];
  }

  // A tlog-proof: its index, its hashes, and the checkpoint, a signed note of three lines.
  function readProof(text) {
    const end = text.indexOf("\n\n");
    const [kind, index, ...hashes] = text.slice(0, end).split("\n");
    const note = text.slice(end + 2), cut = note.lastIndexOf("\n\n") + 1;
    const [origin, size, root] = note.split("\n");
    if (kind !== "c2sp.org/tlog-proof@v1" || !/^index \d+$/.test(index)) throw new Error("not a proof");
    return {
      index: Number(index.slice(6)), hashes: hashes.map(fromBase64), origin, size: Number(size),
      root: fromBase64(root), body: note.slice(0, cut), signatures: note.slice(cut + 1).split("\n"),
    };
  }

  // A vkey: name+id+base64(0x01 ‖ key); a signature line: — name base64(id ‖ signature).
  async function signedHead(proof, vkey) {
    const [name, id, ...rest] = vkey.split("+");
    const key = fromBase64(rest.join("+")), mine = `\u2014 ${name} `;
    if (proof.origin !== name || key[0] !== 1) return false;
    for (const line of proof.signatures.filter((text) => text.startsWith(mine))) {
      const data = fromBase64(line.slice(mine.length));
      if (same(data.slice(0, 4), fromHex(id))) return signed(key.slice(1), data.slice(4), utf8(proof.body));
    }
    return false;
  }

  // The witnesses whose cosignatures (c2sp.org/tlog-cosignature) on the head hold; a false one throws.
  async function cosigners(proof, policy) {
    const found = [];
    for (const line of policy.split("\n").filter((text) => text.startsWith("witness "))) {
      const [name, id, ...rest] = line.split(" ")[2].split("+"), mine = `\u2014 ${name} `;
      const key = fromBase64(rest.join("+")), text = proof.signatures.find((one) => one.startsWith(mine));
      const data = text ? fromBase64(text.slice(mine.length)) : new Uint8Array(0);
      if (key[0] !== 4 || data.length !== 76 || !same(data.slice(0, 4), fromHex(id))) continue;
      const time = new DataView(data.buffer).getBigUint64(4);
      const message = utf8(`cosignature/v1\ntime ${time}\n${proof.body}`);
      const holds = await signed(key.slice(1), data.slice(12), message);
      if (holds === false) throw new Error(`a false signature of ${name}`);
      if (holds) found.push(name);
    }
    return found;
  }

  // Yields [step, true | false | null, words for it], and ends with the first that does not hold.
  async function* check(receipt, logKey, receiptKey) {
    const [words, promised] = await readPromise(receipt.promise, receiptKey);
    yield ["promise", promised, { time: new Date(words.at_us / 1000).toLocaleString() }];
    if (!receipt.window) return;
    const window = JSON.parse(receipt.window), path = receipt.path.map(fromBase64);
    const arrival = `{"at_us":${words.at_us},"fan":${JSON.stringify(words.fan)},"sale":${JSON.stringify(words.sale)}}`;
    const inside = window.type === "window" && window.sale === words.sale
      && await includes(receipt.position, window.count, await leafHash(utf8(arrival)), path, fromHex(window.root));
    yield ["window", inside, { window: window.window, position: receipt.position + 1, count: window.count }];
    const proof = readProof(receipt.proof), leaf = await leafHash(utf8(receipt.window));
    yield ["log", await includes(proof.index, proof.size, leaf, proof.hashes, proof.root), proof];
    yield ["signature", await signedHead(proof, logKey), proof];
    if (proof.signatures.filter((line) => line).length < 2) return;
    const names = await cosigners(proof, await get("witnesses"));
    if (names.length) yield ["cosigned", true, { names: names.join(", ") }];
  }

  function tell(verdict, why) {
    const box = $("verdict");
    box.textContent = box.dataset[verdict] + (why ? ` (${why})` : "");
    box.dataset.is = verdict;
    box.className = `notice ${verdict === "bad" ? "bad" : verdict === "good" ? "good" : ""}`;
  }

  function show(step, holds, words) {
    const line = document.createElement("li");
    const text = $("steps").dataset[step].replace(/\{(\w+)\}/g, (_, name) => words[name]);
    line.textContent = `${holds ? "✓" : holds === null ? "?" : "✗"} ${text}`;
    $("steps").append(line);
  }

  async function run(text) {
    $("steps").replaceChildren();
    $("verdict").className = "hidden";
    delete $("verdict").dataset.is;
    try {
      const [logKey, line] = await Promise.all([get("key"), get("receipt-key")]);
      $("keys").textContent = `${logKey} · ${line}`;
      const receipt = text.trim().startsWith("{") ? JSON.parse(text) : { promise: text };
      const all = [];
      for await (const [step, holds, words] of check(receipt, logKey, fromHex(line.split(" ")[1]))) {
        show(step, holds, words);
        all.push(holds);
        if (holds === false) return tell("bad");
      }
      tell(all.includes(null) ? "unsure" : all.length > 3 ? "good" : "promise");
    } catch (error) {
      tell("bad", error.message);
    }
    return undefined;
  }

  $("check").addEventListener("submit", async (event) => {
    event.preventDefault();
    const [file] = $("file").files;
    await run(file ? await file.text() : $("text").value);
  });
  if ($("mine")) {
    $("mine").addEventListener("click", async () => {
      const answer = await fetch($("check").dataset.mine, { cache: "no-store" });
      $("file").value = "";
      $("text").value = await answer.text();
      await run($("text").value);
    });
  }
})();

// Buttons of passkeys: asks the site what to ask, the device for an answer, and sends it as a form.
"use strict";
(() => {
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const named = (list) => (list || []).map((known) => ({ ...known, id: bytes(known.id) }));

  // What `parseCreationOptionsFromJSON` and `toJSON` do, for the phones that do not have them yet.
  function asked(options) {
    const found = { ...options, challenge: bytes(options.challenge) };
    if (options.user) found.user = { ...options.user, id: bytes(options.user.id) };
    if (options.excludeCredentials) found.excludeCredentials = named(options.excludeCredentials);
    if (options.allowCredentials) found.allowCredentials = named(options.allowCredentials);
    return found;
  }

  function told(credential) {
    const { response } = credential, said = {};
    for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (response[name]) said[name] = text(response[name]);
    }
    if (response.getTransports) said.transports = response.getTransports();
    return {
      id: credential.id, rawId: text(credential.rawId), type: credential.type,
      response: said, clientExtensionResults: {},
    };
  }

  async function answer(form) {
    const sent = new URLSearchParams({ csrf_token: form.elements.csrf_token.value });
    const reply = await fetch(form.dataset.options, {
      method: "POST", body: sent, headers: { Accept: "application/json" },
    });
    const said = await reply.json();
    if (!reply.ok) throw Object.assign(new Error(), { said: [said.detail || said.title, said.remedy] });
    const publicKey = asked(said);
    return navigator.credentials[form.dataset.passkey]({ publicKey });
  }

  function why(form, error) {
    if (error.said) return error.said.filter(Boolean).join(" – ");
    if (error.name === "InvalidStateError") return form.dataset.twice;
    return error instanceof DOMException ? form.dataset.none : form.dataset.away;
  }

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    if (!window.PublicKeyCredential || !navigator.credentials) {
      form.nextElementSibling.classList.remove("hidden");
      continue;
    }
    form.classList.remove("hidden");
    const button = form.querySelector("button"), status = form.querySelector("[role=status]");
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      button.disabled = true;
      status.textContent = "";
      try {
        form.elements.credential.value = JSON.stringify(told(await answer(form)));
        form.submit();
      } catch (error) {
        status.textContent = why(form, error);
        button.disabled = false;
        button.focus();
      }
    });
  }
})();

// Paying through Stripe: the card goes from Stripe's own frame to Stripe; we get a name for it.
"use strict";
(() => {
  const form = document.getElementById("card-form"), bank = document.getElementById("bank");
  if (!form) return;
  const said = document.getElementById("card-said"), button = form.querySelector("#pay");

  function say(text) {
    said.textContent = text;
    said.hidden = !text;
    if (text) said.focus();
  }

  if (!window.Stripe) {
    say(document.getElementById("card").dataset.away);
    if (bank) bank.hidden = true;
    return;
  }
  const stripe = window.Stripe(form.dataset.key, { locale: form.dataset.language || "auto" });
  const elements = stripe.elements({
    mode: "payment",
    amount: Number(form.dataset.amount),
    currency: form.dataset.currency,
    paymentMethodCreation: "manual",
    paymentMethodTypes: ["card"],
  });
  const card = elements.create("payment");
  card.on("ready", () => { button.disabled = false; });
  card.on("loaderror", () => say(document.getElementById("card").dataset.away));
  card.mount("#card");

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    say("");
    try {
      const checked = await elements.submit();
      const made = checked.error ? checked : await stripe.createPaymentMethod({ elements });
      if (made.error) throw new Error(made.error.message);
      form.elements.payment_method.value = made.paymentMethod.id;
      form.submit();
    } catch (error) {
      say(error.message || document.getElementById("card").dataset.away);
      button.disabled = false;
    }
  });

  if (!bank) return;
  const confirm = bank.querySelector("form"), go = bank.querySelector("button");
  confirm.addEventListener("submit", async (event) => {
    event.preventDefault();
    go.disabled = true;
    try {
      await stripe.handleNextAction({ clientSecret: bank.dataset.secret });
    } catch { /* whatever came of it, the order knows after asking */ }
    confirm.submit();
  });
})();

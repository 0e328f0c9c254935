// What every form does. One file, because the page to sign in needs both, before the first key press.

// A double click must not send a form twice: the second request would meet a code or session that is used up.
for (const form of document.querySelectorAll("form[data-submit-once]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    form.querySelector("button:not([type=button])")?.setAttribute("aria-disabled", "true");
  });
}
// Back from the next page: the form can be sent again.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-submit-once]")) {
    delete form.dataset.sent;
    form.querySelector("button:not([type=button])")?.removeAttribute("aria-disabled");
  }
});

// Adds a button behind each password field that shows what was typed (ASVS 6.2.6). Without JavaScript: no button. Not
// behind the secret of a provider, which is pasted.
for (const field of document.querySelectorAll("input[type=password]:not([autocomplete=off])")) {
  const row = document.createElement("div");
  row.className = "with-button";
  const focused = document.activeElement === field; // moving it takes the focus away
  field.replaceWith(row);
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button button--second";
  button.textContent = field.dataset.show;
  button.setAttribute("aria-controls", field.id);
  button.addEventListener("click", () => {
    const shown = field.type === "text";
    field.type = shown ? "password" : "text";
    button.textContent = shown ? field.dataset.show : field.dataset.hide;
  });
  // Sent as a password again, so that the browser's password manager recognises it.
  field.form?.addEventListener("submit", () => { field.type = "password"; });
  row.append(field, button);
  if (focused) field.focus();
}

// Passkeys come when somebody is there: a first visit stays light.
const { passkeys, passkeyUsed, passkeyUnknown } = document.querySelector("form[data-passkeys]")?.dataset ?? {};
if (passkeys && globalThis.PublicKeyCredential) {
  const signs = ["pointermove", "pointerdown", "keydown"];
  let place;
  const load = () => {
    for (const sign of signs) removeEventListener(sign, notice);
    import(passkeys).catch(() => {});
  };
  // A mouse at rest reports a move too, to where it is.
  const notice = (event) => {
    const before = place;
    place = `${event.screenX} ${event.screenY}`;
    if (event.type !== "pointermove" || (before && before !== place)) load();
  };
  for (const sign of signs) addEventListener(sign, notice);
  if (passkeyUsed !== undefined || passkeyUnknown) load();
}

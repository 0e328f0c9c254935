// Passkeys: the browser asks for finger, face or PIN, and its answer is sent as an ordinary form. Each browser that knows
// passkeys at all runs this: the newer functions for JSON (2024) are left alone, because some password managers break them.
const RENEW_AFTER = 4 * 60_000; // milliseconds; the server takes an answer for five minutes
const knows = Boolean(globalThis.PublicKeyCredential && navigator.credentials);

const to_bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));
const to_text = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)))
  .replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");

const read_options = (json) => {
  const with_bytes = (list) => list?.map((one) => ({ ...one, id: to_bytes(one.id) }));
  const options = { ...json, challenge: to_bytes(json.challenge) };
  if (json.user) options.user = { ...json.user, id: to_bytes(json.user.id) };
  if (json.excludeCredentials) options.excludeCredentials = with_bytes(json.excludeCredentials);
  if (json.allowCredentials) options.allowCredentials = with_bytes(json.allowCredentials);
  return options;
};

// As PublicKeyCredential.toJSON() would write it (WebAuthn level 3, section 5.1).
const write = (credential) => {
  const { response } = credential;
  const parts = { clientDataJSON: to_text(response.clientDataJSON) };
  for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (response[name]) parts[name] = to_text(response[name]);
  }
  if (response.getTransports) parts.transports = response.getTransports();
  return JSON.stringify({
    id: credential.id,
    rawId: to_text(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment ?? null,
    clientExtensionResults: credential.getClientExtensionResults(),
    response: parts,
  });
};

const ask = async (kind, options, more = {}) => {
  const request = { publicKey: read_options(options), ...more };
  return write(await (kind === "create" ? navigator.credentials.create(request) : navigator.credentials.get(request)));
};

// A form whose button asks for the passkey first. ----------------------------------------------------------------------

// Left open for a while: what is on the page would be refused, so it is taken from a fresh one.
const renew = async (form) => {
  const page = await fetch(location.href, { headers: { Accept: "text/html" } });
  const found = new DOMParser().parseFromString(await page.text(), "text/html");
  const other = page.ok && !page.redirected && found.querySelector(`form[data-passkey="${form.dataset.passkey}"]`);
  if (!other) return false; // signed out, or too late: the page itself says so
  form.dataset.options = other.dataset.options;
  form.elements.namedItem("ceremony").value = other.elements.namedItem("ceremony").value;
  return true;
};

const take_over = (form) => {
  const said = form.querySelector("[data-passkey-said]");
  const button = form.querySelector("button");
  const credential = form.elements.namedItem("credential");
  let since = Date.now();
  let busy = false;

  const say = (text, is_wrong = false) => {
    said.textContent = text ?? "";
    said.classList.toggle("passkey__wrong", is_wrong);
  };

  const answer = async () => {
    if (Date.now() - since > RENEW_AFTER) {
      if (!await renew(form)) return location.reload();
      since = Date.now();
    }
    say(form.dataset.waiting);
    credential.value = await ask(form.dataset.passkey, JSON.parse(form.dataset.options));
    say("");
    form.requestSubmit(button);
  };

  const refused = (error) => {
    const { stopped, already, failed } = form.dataset;
    if (error.name === "InvalidStateError") say(already ?? failed, !already);
    else if (error.name === "NotAllowedError" || error.name === "AbortError") say(stopped, true);
    else say(failed, true);
  };

  // Meanwhile another tab may have used up what is on this page, or made a passkey that this one does not know of.
  document.addEventListener("visibilitychange", () => { since = 0; });

  // Before the listener that sends a form once: this is no sending yet.
  form.addEventListener("submit", async (event) => {
    if (credential.value) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (busy) return;
    busy = true;
    button.setAttribute("aria-disabled", "true");
    try {
      await answer();
    } catch (error) {
      refused(error);
    } finally {
      busy = false;
      if (!credential.value) button.removeAttribute("aria-disabled");
    }
  }, { capture: true });

  window.addEventListener("pageshow", () => { // back from the next page: this answer is used up
    credential.value = "";
    say("");
  });
};

// What a browser without passkeys sees instead.
const without = () => {
  for (const part of document.querySelectorAll("[data-with-passkeys]")) part.hidden = true;
  for (const part of document.querySelectorAll("[data-without-passkeys]")) part.hidden = false;
  for (const fold of document.querySelectorAll("details[data-other-way]")) {
    fold.open = true;
    fold.querySelector("input:not([type=hidden], .unseen)")?.focus(); // the focus was for the button
  }
};

// The page to sign in: passkeys in the list below the address field, beside the addresses that the browser knows. --------

const sign_in_with = async (form) => {
  if (form.dataset.passkeyUnknown) await tell_unknown(form.dataset.passkeyUnknown); // before the list is shown
  const address = form.dataset.passkeyOptions;
  const is_conditional = await PublicKeyCredential.isConditionalMediationAvailable?.() ?? false;
  const has_button = "passkeyUsed" in form.dataset; // one was used in this browser
  if (!is_conditional && !has_button) return;
  let waiting = new AbortController();
  let renewing;

  const fetched = async () => {
    const answer = await fetch(address, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.json();
  };

  const send = (found, credential) => {
    const sent = document.createElement("form");
    sent.method = "post";
    sent.action = found.action;
    const { csrfmiddlewaretoken, next } = form.elements;
    const fields = { csrfmiddlewaretoken: csrfmiddlewaretoken.value, next: next.value, ceremony: found.ceremony, credential };
    for (const [name, value] of Object.entries(fields)) {
      sent.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
    }
    document.body.append(sent);
    sent.requestSubmit();
  };

  // Waits until somebody chooses a passkey. Says nothing when that fails: the password is still there.
  const offer = async (given) => {
    waiting.abort();
    const mine = waiting = new AbortController();
    clearTimeout(renewing);
    renewing = setTimeout(renew_offer, RENEW_AFTER);
    try {
      const found = given ?? await fetched();
      if (mine.signal.aborted) return;
      const credential = await ask("get", found.options, { mediation: "conditional", signal: mine.signal });
      clearTimeout(renewing);
      send(found, credential);
    } catch {
      // stopped, renewed, or no network
    }
  };

  const renew_offer = () => { // nobody looks at it: then when somebody does again
    if (document.hidden) document.addEventListener("visibilitychange", renew_offer, { once: true });
    else offer();
  };

  const by_button = async (button, said) => {
    waiting.abort(); // one request at a time
    clearTimeout(renewing);
    button.setAttribute("aria-disabled", "true");
    said.textContent = "";
    try {
      const found = await fetched();
      send(found, await ask("get", found.options));
    } catch {
      said.textContent = button.dataset.stopped;
      button.removeAttribute("aria-disabled");
      if (is_conditional) offer();
    }
  };

  const add_button = (words) => {
    const row = document.createElement("p");
    const button = document.createElement("button");
    const said = document.createElement("p");
    row.className = "actions actions--wide";
    button.type = "button";
    button.className = "button button--second";
    button.textContent = words.button;
    button.dataset.stopped = words.stopped;
    button.addEventListener("click", () => {
      if (!button.hasAttribute("aria-disabled")) by_button(button, said);
    });
    said.className = "help";
    said.setAttribute("role", "status");
    row.append(button);
    form.parentElement.append(row, said); // at the end: nothing that somebody is about to press may move
  };

  const found = await fetched();
  if (!found.options) return; // no browser offers passkeys at this address
  if (has_button) add_button(found.words);
  if (is_conditional) offer(found);
};

// Tells the browser's password manager which passkeys still work here, so that it offers no others. ----------------------

const tell = (json) => {
  const { rpId, userId, credentials, name, displayName } = JSON.parse(json);
  const told = [
    credentials && // none while a removed passkey may come back
      PublicKeyCredential.signalAllAcceptedCredentials?.({ rpId, userId, allAcceptedCredentialIds: credentials }),
    PublicKeyCredential.signalCurrentUserDetails?.({ rpId, userId, name, displayName }),
  ];
  for (const one of told) one?.catch(() => {}); // a courtesy: nobody waits for it
};

// A passkey that was refused because we do not have it: on this device it goes too.
const tell_unknown = async (json) => {
  try {
    await PublicKeyCredential.signalUnknownCredential?.(JSON.parse(json));
  } catch {
    // a courtesy, as above
  }
};

// Some browsers make a passkey by themselves where they have just filled in the password, and tell the person so.
const make_by_itself = async (form) => {
  const { conditionalCreate } = await PublicKeyCredential.getClientCapabilities?.() ?? {};
  if (!conditionalCreate) return;
  const found = await (await fetch(form.action, { headers: { Accept: "application/json" } })).json();
  if (!found.options) return;
  const credential = await ask("create", found.options, { mediation: "conditional" });
  const body = new FormData(form);
  body.set("ceremony", found.ceremony);
  body.set("credential", credential);
  // Not followed: this page stays, and the next one says that it worked.
  const headers = { Accept: "application/json" };
  const answer = await fetch(form.dataset.passkeyByItself, { method: "POST", body, headers, redirect: "manual" });
  if (!answer.ok) return; // a redirect: signed out, or the proof is too old
  const { made, unknown } = await answer.json();
  if (unknown) await tell_unknown(unknown);
  if (!made) return;
  const offer = form.querySelector("[data-passkey-offer]");
  offer.textContent = offer.dataset.made;
};

// Whether this device has a lock of its own to sign in with, so that the page after this one may offer it.
const note_device = async (field) => {
  if (await PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable?.()) field.value = "yes";
};

if (knows) {
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    take_over(form);
    if (form.dataset.passkeyUnknown) tell_unknown(form.dataset.passkeyUnknown);
  }
  for (const form of document.querySelectorAll("form[data-passkey-options]")) sign_in_with(form).catch(() => {}); // no network
  for (const form of document.querySelectorAll("form[data-passkey-by-itself]")) make_by_itself(form).catch(() => {}); // then by hand
  for (const part of document.querySelectorAll("[data-passkey-signal]")) tell(part.dataset.passkeySignal);
  for (const field of document.querySelectorAll("input[data-passkey-device]")) note_device(field);
} else {
  without();
}

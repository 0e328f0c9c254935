// Passkeys: the browser asks for finger, face or PIN, and its answer is sent as an ordinary form. Each browser that knows
// passkeys at all runs this: the newer functions for JSON (2024) are left alone, because some password managers break them.
// Milliseconds. The server takes an answer for five minutes, and whoever scans a code with a phone needs some of them.
const FRESH = 20_000; // so a question that is older is asked anew when somebody presses the button
const RENEW_AFTER = 3 * 60_000; // and one that waits for somebody, in time
const ON_THE_WAY = 10_000; // before the page came, and after the answer
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

// A clock may be set back, and the steady one may stand still while a laptop sleeps.
const moment = () => ({ clock: Date.now(), steady: performance.now() });
const age_of = (since) => Math.max(Date.now() - since.clock, performance.now() - since.steady);

// `since`: when the options were made; the browser's window closes before they are too old.
const ask = async (kind, options, since, more = {}) => {
  const publicKey = read_options(options);
  publicKey.timeout -= age_of(since) + ON_THE_WAY;
  const request = { publicKey, ...more };
  return write(await (kind === "create" ? navigator.credentials.create(request) : navigator.credentials.get(request)));
};

// With a name of its own for no connection, which browsers call a TypeError.
const fetched = async (address, type) => {
  try {
    return await fetch(address, { headers: { Accept: type } });
  } catch {
    throw new DOMException("", "NetworkError");
  }
};

const why = (error, words) => {
  switch (error.name) {
    case "NotAllowedError": // cancelled, too late, or no passkey here: browsers do not tell which
    case "AbortError":
      return words.stopped;
    case "NotSupportedError":
    case "ConstraintError":
    case "SecurityError":
      return words.failed; // this device, or this browser, cannot do it
    case "NetworkError":
      return words.offline;
    default:
      return words.again;
  }
};

// A form whose button asks for the passkey first. ----------------------------------------------------------------------

// The question on the page becomes the one of a page that is fetched now; with its token against forged forms, which
// changes when somebody signs in or out in another tab.
const renew = async (form) => {
  const page = await fetched(location.href, "text/html");
  const found = new DOMParser().parseFromString(await page.text(), "text/html");
  const other = page.ok && !page.redirected && found.querySelector(`form[data-passkey="${form.dataset.passkey}"]`);
  if (!other) return false; // signed out, or too late: the page itself says so
  form.dataset.options = other.dataset.options;
  for (const name of ["ceremony", "csrfmiddlewaretoken"]) {
    form.elements.namedItem(name).value = other.elements.namedItem(name).value;
  }
  return true;
};

const take_over = (form) => {
  const said = form.querySelector("[data-passkey-said]");
  const button = form.querySelector("button");
  const credential = form.elements.namedItem("credential");
  let since = moment();
  let busy = false;

  const say = (text, is_wrong = false) => {
    said.textContent = text ?? "";
    said.classList.toggle("passkey__wrong", is_wrong);
  };

  const answer = async () => {
    if (age_of(since) > FRESH) {
      const now = moment();
      if (!await renew(form)) return location.reload();
      since = now;
    }
    say(form.dataset.waiting);
    credential.value = await ask(form.dataset.passkey, JSON.parse(form.dataset.options), since);
    say("");
    form.requestSubmit(button);
  };

  const refused = (error) => {
    const { already } = form.dataset;
    if (already && error.name === "InvalidStateError") say(already); // nothing is wrong
    else say(why(error, form.dataset), true);
  };

  // Meanwhile another tab may have used up what is on this page, or made a passkey that this one does not know of.
  document.addEventListener("visibilitychange", () => { since = { clock: 0, steady: 0 }; });

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
  if (form.dataset.passkeyUnknown) await withdraw(form.dataset.passkeyUnknown); // before the list is shown
  const button = form.querySelector("[data-passkey-button]"); // where one was used in this browser
  const said = form.querySelector("[data-passkey-said]");
  const is_conditional = await PublicKeyCredential.isConditionalMediationAvailable?.() ?? false;
  if (!is_conditional && !button) return;
  let waiting = new AbortController();
  let since = moment(); // of the question that waits
  let failures = 0;
  let busy = false; // the button was pressed, or an answer is on its way

  const question = async () => {
    const answer = await fetched(form.dataset.passkeyOptions, "application/json");
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.json();
  };

  const send = ({ action, token, ceremony }, credential) => {
    busy = true;
    const sent = document.createElement("form");
    sent.method = "post";
    sent.action = action;
    const fields = { csrfmiddlewaretoken: token, next: form.elements.next.value, ceremony, credential };
    for (const [name, value] of Object.entries(fields)) {
      sent.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
    }
    document.body.append(sent);
    sent.requestSubmit();
  };

  // Waits until somebody chooses a passkey. Says nothing when that fails: the password is still there.
  const offer = async () => {
    waiting.abort();
    const { signal } = waiting = new AbortController();
    since = moment();
    try {
      const found = await question();
      if (signal.aborted) return;
      send(found, await ask("get", found.options, since, { mediation: "conditional", signal }));
    } catch {
      // Some browsers refuse the first request after a page is loaded again (iOS 16).
      if (!signal.aborted && ++failures <= 3) setTimeout(() => signal.aborted || offer(), 1000);
    }
  };

  const begin = () => {
    busy = false;
    failures = 0;
    if (is_conditional) offer();
  };

  const look = () => {
    if (!busy && !document.hidden && age_of(since) > RENEW_AFTER) begin();
  };
  // The window of the device takes the focus, and gives it back when its answer is on its way: that must not be stopped.
  const look_later = () => setTimeout(look, 1000);
  setInterval(() => document.hasFocus() && look(), 15_000);
  addEventListener("focus", look_later);
  document.addEventListener("visibilitychange", look_later);
  addEventListener("pointerdown", look); // after a night asleep none of the others need come

  const by_button = async () => {
    busy = true;
    waiting.abort(); // one request at a time
    button.setAttribute("aria-disabled", "true");
    said.textContent = "";
    try {
      const now = moment();
      const found = await question();
      send(found, await ask("get", found.options, now));
    } catch (error) {
      said.textContent = why(error, button.dataset);
      button.removeAttribute("aria-disabled");
      begin();
    }
  };

  if (button) {
    button.classList.remove("held");
    button.addEventListener("click", () => { if (!button.hasAttribute("aria-disabled")) by_button(); });
  }
  addEventListener("pageshow", (event) => { // back from the next page, where this answer was used
    if (!event.persisted) return;
    button?.removeAttribute("aria-disabled");
    begin();
  });
  begin();
};

// Tells the browser's password manager which passkeys still work here, so that it offers no others. ----------------------

const inform = (name, facts) => PublicKeyCredential[name]?.(facts)?.catch(() => {}); // a courtesy: nobody waits for it

const tell = (json) => {
  const { rpId, userId, credentials, name, displayName } = JSON.parse(json);
  if (credentials) inform("signalAllAcceptedCredentials", { rpId, userId, allAcceptedCredentialIds: credentials }); // none while a removed one may come back
  inform("signalCurrentUserDetails", { rpId, userId, name, displayName });
};

// A passkey that was refused because we do not have it: on this device it goes too.
const withdraw = (json) => inform("signalUnknownCredential", JSON.parse(json));

// Some browsers make a passkey by themselves where they have just filled in the password, and tell the person so.
const make_by_itself = async (form) => {
  const { conditionalCreate } = await PublicKeyCredential.getClientCapabilities?.() ?? {};
  if (!conditionalCreate) return;
  const since = moment();
  const found = await (await fetched(form.action, "application/json")).json();
  if (!found.options) return;
  const credential = await ask("create", found.options, since, { mediation: "conditional" });
  const body = new FormData(form);
  body.set("ceremony", found.ceremony);
  body.set("credential", credential);
  // Not followed: this page stays, and the next one says that it worked.
  const headers = { Accept: "application/json" };
  const answer = await fetch(form.dataset.passkeyByItself, { method: "POST", body, headers, redirect: "manual" });
  if (!answer.ok) return; // a redirect: signed out, or the proof is too old
  const { made, remove, codes, unknown } = await answer.json();
  if (unknown) withdraw(unknown);
  if (made) show_made(form, { remove, codes });
};

// In the place of the offer, with what to do for who does not want it.
const show_made = (form, addresses) => {
  const offer = form.querySelector("[data-passkey-offer]");
  const made = form.querySelector("[data-passkey-made]");
  const has_focus = offer.contains(document.activeElement);
  for (const [name, address] of Object.entries(addresses)) {
    const link = made.querySelector(`[data-passkey-${name}]`);
    link.href = address;
    link.parentElement.hidden = !address;
  }
  offer.hidden = true;
  made.hidden = false;
  if (has_focus) made.focus(); // not lost with the button that it was on
};

// Whether this device has a lock of its own to sign in with, so that the page after this one may offer it.
const note_device = async (field) => {
  if (await PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable?.()) field.value = "yes";
};

if (knows) {
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    take_over(form);
    if (form.dataset.passkeyUnknown) withdraw(form.dataset.passkeyUnknown);
  }
  for (const form of document.querySelectorAll("form[data-passkey-options]")) sign_in_with(form);
  for (const form of document.querySelectorAll("form[data-passkey-by-itself]")) make_by_itself(form).catch(() => {}); // then by hand
  for (const part of document.querySelectorAll("[data-passkey-signal]")) tell(part.dataset.passkeySignal);
  for (const field of document.querySelectorAll("input[data-passkey-device]")) note_device(field);
} else {
  without();
}

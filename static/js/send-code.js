// Sends a form as soon as its code has six digits. A convenience: the button and Enter stay, and the server judges.
// The table of accounts/two_factor/normalisation.py: spaces, dashes, and what nobody sees; then digits of any script.
const DROPPED = /[\t\n\v\f\r\u0085\p{Z}\p{Cf}\p{Pd}\u02d7\u2043\u2052\u2053\u207b\u208b\u2212\u2796\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\u{e0100}-\u{e01ef}]/gu;
const SIX_DIGITS = /^\p{Nd}{6}$/u;

for (const form of document.querySelectorAll("form[data-send-code]")) {
  const field = form.querySelector("input.code");
  const said = form.querySelector("[data-checking]");
  const told = form.querySelector("[data-goes-on]");
  // After a refusal only what a person types counts: a password manager that fills the same code in again and again
  // would use up every attempt.
  let by_hand_only = field.getAttribute("aria-invalid") === "true";
  let was_complete = is_complete();

  function is_complete() {
    return SIX_DIGITS.test(field.value.replace(DROPPED, ""));
  }

  const is_by_hand = (event) => event.isTrusted && Boolean(event.inputType) && event.inputType !== "insertReplacementText";

  const look = (event) => {
    const complete = is_complete();
    const is_new = complete && !was_complete;
    // Deleting a seventh digit is mending, which may not be finished yet.
    const is_deletion = (event.inputType ?? "").startsWith("delete");
    if (by_hand_only && is_by_hand(event)) by_hand_only = false;
    was_complete = complete;
    if (!is_new || is_deletion || by_hand_only || form.dataset.sent) return;
    form.requestSubmit(form.querySelector("button:not([type=button])"));
  };

  field.addEventListener("input", (event) => { if (!event.isComposing) look(event); });
  field.addEventListener("compositionend", () => look({ isTrusted: true, inputType: "insertCompositionText" }));
  form.addEventListener("submit", (event) => {
    if (event.defaultPrevented || event.submitter?.hasAttribute("formaction")) return;
    field.readOnly = true; // a seventh digit must not stand there while six are judged
    if (is_complete()) said.textContent = said.dataset.checking;
  });
  window.addEventListener("pageshow", (event) => {
    field.readOnly = false;
    said.textContent = "";
    by_hand_only ||= event.persisted;
    was_complete = is_complete();
  });

  told.hidden = false;
  field.setAttribute("aria-describedby", `${field.getAttribute("aria-describedby") ?? ""} ${told.id}`.trim());
  field.dataset.sendsItself = "";
}

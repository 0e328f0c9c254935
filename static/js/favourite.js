// A star changes where it stands, without loading the page anew. The order changes at the next visit, so nothing jumps.
const form = document.querySelector("form[data-favourite]");

form?.addEventListener("submit", async (event) => {
  const star = event.submitter;
  if (!star || star.dataset.plain) return;
  event.preventDefault();
  if (star.dataset.busy) return;
  star.dataset.busy = "yes";
  const on = star.getAttribute("aria-pressed") === "true";
  star.setAttribute("aria-pressed", String(!on));
  try {
    const answer = await fetch(star.formAction, {
      method: "POST",
      headers: { Accept: "application/json" },
      body: new FormData(form),
    });
    if (answer.status !== 204) throw new Error(String(answer.status));
    const other = star.dataset.other;
    star.dataset.other = star.getAttribute("formaction");
    star.setAttribute("formaction", other);
  } catch {
    // Signed out meanwhile, or something is wrong: the page that follows an ordinary post says what.
    star.setAttribute("aria-pressed", String(on));
    star.dataset.plain = "yes";
    form.requestSubmit(star);
  } finally {
    delete star.dataset.busy;
  }
});

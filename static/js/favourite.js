// A star changes where it stands, without loading the page anew. The order changes at the next visit, so nothing jumps.
const form = document.querySelector("form[data-favourite]");
const under_way = new WeakSet();

const pressed = (star) => star.getAttribute("aria-pressed") === "true";

// Tells the server until it knows what the star shows: who presses again meanwhile is not forgotten.
const settle = async (star, saved) => {
  under_way.add(star);
  try {
    for (let known = saved; known !== pressed(star); known = !known) {
      const headers = { Accept: "application/json" };
      const answer = await fetch(star.formAction, { method: "POST", headers, body: new FormData(form) });
      if (answer.status !== 204) throw new Error(String(answer.status));
      const next = star.dataset.other;
      star.dataset.other = star.getAttribute("formaction");
      star.setAttribute("formaction", next);
    }
  } catch {
    // Signed out meanwhile, or something is wrong: the page that follows an ordinary post says what.
    star.dataset.plain = "yes";
    form.requestSubmit(star);
  } finally {
    under_way.delete(star);
  }
};

form?.addEventListener("submit", (event) => {
  const star = event.submitter;
  if (!star || star.dataset.plain) return;
  event.preventDefault();
  const saved = pressed(star);
  star.setAttribute("aria-pressed", String(!saved));
  if (!under_way.has(star)) settle(star, saved);
});

// Filters Mijn Omgevingen while one types. The server searches, as it does without JavaScript; only the list is replaced.
const form = document.querySelector("form[data-find]");
const field = form?.elements.namedItem("zoek");
const found = document.querySelector("[data-found]");
const announced = document.querySelector("[data-announced]");
const kept = document.querySelector("form[data-favourite]");
const PAUSE = 120; // milliseconds between the last key and the search
const SAID_AFTER = 600; // a screen reader would otherwise speak at every key

let typing;
let saying;
let under_way;
let shown = field?.value.trim();

const address = () => {
  const words = field.value.trim();
  return words ? `${form.action}?${new URLSearchParams({ zoek: words })}` : form.action;
};

const say = () => {
  clearTimeout(saying);
  saying = setTimeout(() => {
    announced.textContent = found.querySelector("[data-count]")?.textContent ?? "";
  }, SAID_AFTER);
};

const show = async () => {
  clearTimeout(typing);
  const words = field.value.trim();
  if (words === shown) return;
  under_way?.abort();
  under_way = new AbortController();
  const target = address();
  try {
    const answer = await fetch(target, { signal: under_way.signal });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const list = page.querySelector("[data-found]");
    if (!answer.ok || !list) { // signed out meanwhile, or something is wrong: that page says what
      location.assign(target);
      return;
    }
    if (field.value.trim() !== words) return;
    found.replaceChildren(...list.childNodes);
    shown = words;
    kept.elements.namedItem("zoek").value = words;
    kept.elements.namedItem("pagina").value = "1";
    history.replaceState(null, "", target); // back from an environment shows the same
    say();
  } catch (error) {
    if (error.name !== "AbortError") location.assign(target);
  }
};

const clear = () => {
  field.value = "";
  field.focus();
  show();
};

field?.addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(show, PAUSE);
});

// Enter: the only one found opens at once; of several the first gets the focus, for the arrows.
form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  await show();
  const tiles = found.querySelectorAll(".tile__link");
  if (tiles.length === 1 && shown) tiles[0].click();
  else tiles[0]?.focus();
});

document.addEventListener("keydown", (event) => {
  if (!field || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  const typed = event.target.closest?.("input, textarea, select");
  if (event.key === "/" && "slash" in field.dataset && !typed) {
    event.preventDefault();
    field.focus();
    field.select();
  } else if (event.key === "Escape" && field.value && (typed === field || found.contains(event.target))) {
    event.preventDefault();
    clear();
  }
});

found?.addEventListener("click", (event) => {
  if (!event.target.closest("[data-clear]")) return;
  event.preventDefault();
  clear();
});

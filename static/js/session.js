// Warns before the session ends, and hides the page when it has. Asks the server before it says anything: another tab
// may have been busy, and timers stand still while a laptop sleeps.
const warning = document.querySelector("dialog[data-session]");
const part = (name) => warning.querySelector(`[data-${name}]`);
const said = document.querySelector("[data-session-said]");
const stay = part("stay");
const tabs = "BroadcastChannel" in window ? new BroadcastChannel("session") : null;
const OLD = 60; // seconds after which an answer of the server is not relied upon to say something
const TYPING = "input:not([type=checkbox], [type=radio], [type=submit]), textarea, select, [contenteditable]";

const moment = () => ({ clock: Date.now(), steady: performance.now() });
const { idle, overall, until } = warning.dataset;
let left = { idle: Number(idle), overall: Number(overall), until };
let since = moment();
let dismissed = "";
let over = false;

// A clock that is set back must not stretch the session, and the steady one may stand still during sleep.
const elapsed = () => Math.max(Date.now() - since.clock, performance.now() - since.steady) / 1000;

// As on every page of who is signed out: the brand alone.
const header_of = (brand) => {
  const bar = document.createElement("header");
  const inner = document.createElement("div");
  bar.className = "top";
  inner.className = "top__inner";
  inner.append(brand.cloneNode(true));
  bar.append(inner);
  return bar;
};

const end = () => {
  const idled = left.idle - elapsed() <= 0;
  over = true;
  const words = warning.dataset;
  const heading = document.createElement("h1");
  const why = document.createElement("p");
  const way = document.createElement("a");
  const card = document.createElement("section");
  const page = document.createElement("main");
  heading.textContent = words.ended;
  heading.tabIndex = -1;
  why.textContent = idled ? words.endedIdle : words.endedWhy;
  way.textContent = words.endedLink;
  way.className = "button";
  way.href = `${words.signIn}?next=${encodeURIComponent(location.pathname + location.search)}`;
  card.className = "card";
  card.append(heading, why, way);
  page.className = "page page--narrow session-ended";
  page.append(card);
  document.title = `${words.ended} · Mijn Assetmaps`;
  const brand = document.querySelector(".brand");
  document.body.className = "gate";
  document.body.replaceChildren(...(brand ? [header_of(brand)] : []), page); // removed, not covered: somebody else may sit at this screen by now
  heading.focus();
};

// Whether the server answered with how long is left.
const ask_now = async (address, options = {}) => {
  const asked = moment();
  try {
    const answer = await fetch(address, { redirect: "manual", headers: { Accept: "application/json" }, ...options });
    const found = answer.ok ? (await answer.json())[warning.dataset.session] : undefined;
    if (answer.type === "opaqueredirect" || (answer.ok && !found)) end();
    if (!found) return false;
    left = found;
    since = asked;
    return true;
  } catch {
    return false; // no network: our own count has to do
  }
};

// One at a time: an answer from before "stay signed in" must not arrive after it.
let asking = Promise.resolve();
const ask = (...question) => {
  asking = asking.then(() => ask_now(...question));
  return asking;
};

const hide = () => {
  dismissed = "";
  part("failed").hidden = true;
  warning.hidden = true;
  if (warning.open) warning.close();
};

const open = () => {
  if (warning.open) return;
  warning.hidden = false;
  // Who is typing keeps the focus: else the next space or Enter would press a button. It is announced all the same.
  const typing = document.activeElement?.matches(TYPING);
  if (typing || !warning.showModal) {
    warning.setAttribute("open", "");
    said.textContent = `${warning.querySelector("h2").textContent}. ${part("why").innerText.trim()}`;
  } else {
    warning.showModal();
  }
};

const show = () => {
  if (over) return;
  const now = { idle: left.idle - elapsed(), overall: left.overall - elapsed() };
  if (now.idle <= 0 || now.overall <= 0) return end();
  const can_stay = now.idle <= Number(warning.dataset.warning) && now.idle < now.overall;
  const is_last = now.overall <= Number(warning.dataset.overallWarning);
  if (!can_stay && !is_last) return hide();
  const kind = can_stay ? "idle" : "overall";
  if (dismissed === kind) return;
  part("why-idle").hidden = stay.hidden = !can_stay;
  part("close").hidden = can_stay;
  part("why-overall").hidden = !is_last;
  part("minutes").textContent = String(Math.ceil(now.idle / 60));
  part("until-time").textContent = left.until;
  open();
};

const look = async (surely = false) => {
  if (over) return;
  const soon = left.idle - elapsed() <= Number(warning.dataset.warning)
    || left.overall - elapsed() <= Number(warning.dataset.overallWarning);
  const ends = Math.min(left.idle, left.overall) - elapsed() <= 0;
  if (surely || ends || (soon && elapsed() > OLD)) await ask(warning.dataset.look);
  if (soon || surely) show();
};

stay.addEventListener("submit", async (event) => {
  event.preventDefault();
  // Refused, for example because another tab signed in anew and this page's token is old: then look how it stands.
  const stayed = await ask(stay.action, { method: "POST", body: new FormData(stay) }) || await ask(warning.dataset.look);
  if (over) return;
  part("failed").hidden = stayed;
  show();
  if (stayed && !warning.open) said.textContent = warning.dataset.stayed;
  tabs?.postMessage("look");
});
warning.addEventListener("close", () => {
  if (!warning.hidden) dismissed = part("why-idle").hidden ? "overall" : "idle";
  warning.hidden = true;
});
part("close").addEventListener("click", () => {
  dismissed = "overall";
  if (warning.open) warning.close();
  warning.hidden = true;
});
tabs?.addEventListener("message", () => { if (warning.open || dismissed) look(true); });
tabs?.postMessage("look"); // to have loaded a page is a sign of life
document.addEventListener("visibilitychange", () => { if (!document.hidden) look(elapsed() > OLD); });
addEventListener("pageshow", (event) => { if (event.persisted) look(true); });
setInterval(() => look(), 10_000);

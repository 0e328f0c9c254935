// How long the set-up lasts: seen from five minutes on; said at five, two and one minutes, and when it is over.
const steps = document.querySelector("[data-while-it-lasts]");
const box = document.querySelector("[data-time-left]");
const shown = box.querySelector("[data-time-shown]");
const said = document.querySelector("[data-time-said]");
const notice = document.querySelector("[data-time-over]").firstElementChild;
const SAY_AT = [5, 2, 1];
const SOON = 5; // minutes; from then on the time is in sight
const since = { clock: Date.now(), steady: performance.now() };
const given = Number(box.dataset.timeLeft); // by the server's clock

// A clock that is set back must not stretch the time, and the steady one may stand still during sleep.
const elapsed = () => Math.max(Date.now() - since.clock, performance.now() - since.steady) / 1000;
const words = (minutes) => (minutes === 1 ? box.dataset.minute : box.dataset.minutes.replace("{minutes}", minutes));
let last = Math.ceil(given / 60);

// A QR code, a key and a field that no longer work would only mislead.
const end = () => {
  clearInterval(looking);
  const was_here = steps.contains(document.activeElement);
  steps.hidden = true;
  said.textContent = "";
  notice.hidden = false;
  if (was_here) notice.focus();
};

const look = () => {
  const left = given - elapsed();
  if (left <= 0) return end();
  const minutes = Math.ceil(left / 60);
  if (minutes <= SOON) box.dataset.soon = "";
  if (minutes >= last) return;
  const passed = SAY_AT.some((moment) => minutes <= moment && moment < last);
  last = minutes;
  shown.textContent = words(minutes);
  if (passed) said.textContent = words(minutes);
};

const looking = setInterval(look, 5000);
document.addEventListener("visibilitychange", look);
look();

// Says when the time for a code is over, before somebody types one in vain. The server refuses it all the same.
const notice = document.querySelector("[data-over-in]");
const since = Date.now();
const look = () => {
  if (Date.now() - since < Number(notice.dataset.overIn) * 1000) return;
  notice.firstElementChild.hidden = false;
  clearInterval(looking);
};
const looking = setInterval(look, 5000);
document.addEventListener("visibilitychange", look);

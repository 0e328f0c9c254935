// Says under a new password how many characters are still needed. Advice only: the server decides.
const dutch = document.documentElement.lang === "nl";
const words = dutch
  ? { more: (n) => `Nog ${n} ${n === 1 ? "teken" : "tekens"}`, enough: "Lang genoeg", fewer: (n) => `${n} ${n === 1 ? "teken" : "tekens"} te veel` }
  : { more: (n) => `${n} more ${n === 1 ? "character" : "characters"}`, enough: "Long enough", fewer: (n) => `${n} ${n === 1 ? "character" : "characters"} too many` };
const PAUSE = 400; // milliseconds; a screen reader would otherwise speak at every key

for (const field of document.querySelectorAll("input[data-shortest]")) {
  const shortest = Number(field.dataset.shortest);
  const longest = Number(field.dataset.longest);
  const advice = document.createElement("p");
  advice.className = "help";
  advice.setAttribute("role", "status");
  (field.closest(".with-button") ?? field).after(advice);

  const say = () => {
    const count = [...field.value.normalize("NFC")].length; // as the server counts
    if (count === 0) advice.textContent = "";
    else if (count < shortest) advice.textContent = words.more(shortest - count);
    else if (count > longest) advice.textContent = words.fewer(count - longest);
    else advice.textContent = words.enough;
  };
  let timer;
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(say, PAUSE);
  });
}

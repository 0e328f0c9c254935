// Says under a new password how many characters are still needed. Advice only: the server decides.
const PAUSE = 400; // milliseconds; a screen reader would otherwise speak at every key

for (const field of document.querySelectorAll("input[data-shortest]")) {
  const shortest = Number(field.dataset.shortest);
  const longest = Number(field.dataset.longest);
  const { moreOne, more, enough, fewerOne, fewer } = field.dataset;
  const put = (count, one, many) => (count === 1 ? one : many.replace("{count}", count));
  const advice = document.createElement("p");
  advice.className = "help";
  advice.setAttribute("role", "status");
  (field.closest(".with-button") ?? field).after(advice);

  const say = () => {
    const count = [...field.value.normalize("NFC")].length; // as the server counts
    if (count === 0) advice.textContent = "";
    else if (count < shortest) advice.textContent = put(shortest - count, moreOne, more);
    else if (count > longest) advice.textContent = put(count - longest, fewerOne, fewer);
    else advice.textContent = enough;
  };
  let timer;
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(say, PAUSE);
  });
}

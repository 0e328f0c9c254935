// Moves the bar while a list of people is carried out, and goes on with one that was interrupted.
const box = document.getElementById("import-progress");
const bar = box.querySelector("progress");
const left = box.querySelector("strong");
let unanswered = 0;

async function look() {
  try {
    const answer = await fetch(box.dataset.address, { headers: { Accept: "application/json" } });
    if (!answer.ok || answer.redirected) throw new Error(answer.status);
    const found = await answer.json();
    unanswered = 0;
    left.textContent = found.to_do;
    bar.value = bar.max - found.to_do;
    if (found.finished) {
      location.reload();
      return;
    }
    if (found.stalled) {
      box.querySelector("form").submit();
      return;
    }
  } catch {
    // Signed out, or no network: the page itself says so when it is loaded again.
    unanswered += 1;
    if (unanswered > 5) {
      location.reload();
      return;
    }
  }
  setTimeout(look, 1000);
}
setTimeout(look, 500);

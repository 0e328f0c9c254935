// Shows the print buttons, which need JavaScript; the browser's own print command works without.
for (const button of document.querySelectorAll("button[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

// Shows the print buttons, which need JavaScript; the browser's own print command works without.
// Pictures that wait until they are scrolled to would be missing on paper, so all are fetched first.
const waiting = () => [...document.querySelectorAll("img[loading=lazy]")].map((picture) => {
  picture.loading = "eager";
  return picture.decode().catch(() => {});
});
addEventListener("beforeprint", waiting);

for (const button of document.querySelectorAll("button[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    await Promise.all(waiting());
    window.print();
  });
}

// The filters above a list: Escape closes the open one, and so does going elsewhere. Without this script its name does.
const opened = () => document.querySelector(".filter[open]");

document.addEventListener("keydown", (event) => {
  const filter = opened();
  if (event.key !== "Escape" || !filter) return;
  filter.open = false;
  filter.querySelector("summary").focus();
});

for (const kind of ["click", "focusin"]) {
  document.addEventListener(kind, (event) => {
    const filter = opened();
    if (filter && !filter.contains(event.target)) filter.open = false;
  });
}

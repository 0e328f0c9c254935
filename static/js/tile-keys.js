// Arrows go from tile to tile as they lie on the screen; Enter opens, because a tile is a link.
const found = document.querySelector("[data-found]");
const field = document.querySelector("form[data-find] input[type=search]");

const tiles = () => [...(found?.querySelectorAll(".tile__link") ?? [])];

const beside = (all, here, way) => {
  const place = here.getBoundingClientRect();
  const middle = place.left + place.width / 2;
  const beyond = all
    .map((tile) => ({ tile, box: tile.getBoundingClientRect() }))
    .filter(({ box }) => (way > 0 ? box.top >= place.bottom : box.bottom <= place.top));
  const row = way > 0 ? Math.min(...beyond.map(({ box }) => box.top)) : Math.max(...beyond.map(({ box }) => box.top));
  const off = ({ box }) => Math.abs(box.left + box.width / 2 - middle);
  return beyond.filter(({ box }) => Math.abs(box.top - row) < 2).sort((one, other) => off(one) - off(other))[0]?.tile;
};

const steps = {
  ArrowRight: (all, here) => all[all.indexOf(here) + 1],
  ArrowLeft: (all, here) => all[all.indexOf(here) - 1],
  ArrowDown: (all, here) => beside(all, here, 1),
  ArrowUp: (all, here) => beside(all, here, -1) ?? field,
  Home: (all) => all[0],
  End: (all) => all.at(-1),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  const all = tiles();
  const here = event.target.closest?.(".tile")?.querySelector(".tile__link");
  const next = event.target === field
    ? event.key === "ArrowDown" && all[0]
    : here && found.contains(here) && steps[event.key]?.(all, here);
  if (!next) return;
  event.preventDefault();
  next.focus();
});

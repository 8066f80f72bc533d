// The inbox by keyboard: j and k move between rows, other keys press the row's button that names them.
const rows = () => [...document.querySelectorAll("[data-triage]")];

function current() {
  return document.activeElement?.closest("[data-triage]");
}

function move(step) {
  const all = rows();
  if (!all.length) return;
  const at = all.indexOf(current());
  all[Math.min(Math.max(at + step, 0), all.length - 1)].focus();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, select, textarea")) return;
  if (event.key === "j" || event.key === "k") {
    event.preventDefault();
    move(event.key === "j" ? 1 : -1);
    return;
  }
  const row = current();
  if (!row || (event.key === "Enter" && event.target !== row)) return;
  const pressed = row.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (!pressed) return;
  event.preventDefault();
  const next = row.nextElementSibling ?? row.previousElementSibling;
  pressed.click();
  if (event.key !== "Enter") next?.focus();
});

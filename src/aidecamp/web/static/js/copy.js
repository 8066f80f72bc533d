// What is shown once can be taken with one press: fields and blocks marked data-copy get a button.
function text(element) {
  return element.value ?? element.innerText;
}

function equip(element) {
  element.dataset.copyReady = "";
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button small copy";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text(element));
      button.textContent = "Copied";
    } catch {
      element.select?.();
      button.textContent = "Press ⌘C or Ctrl+C";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
  element.after(button);
}

function all() {
  for (const element of document.querySelectorAll("[data-copy]:not([data-copy-ready])")) equip(element);
}

all();
document.addEventListener("htmx:after:swap", all);

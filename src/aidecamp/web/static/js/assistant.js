// The thread: answers are rewritten as they come, the view follows only a reader who is at the end.
const log = document.getElementById("log");
const composer = document.getElementById("composer");
const question = document.getElementById("question");
const stopForm = document.querySelector("[data-stop-form]");
const NEAR = 80;

function atEnd() {
  return log.scrollHeight - log.scrollTop - log.clientHeight < NEAR;
}

function keepingPlace(change) {
  const follow = atEnd();
  change();
  if (follow) log.scrollTop = log.scrollHeight;
}

function fragment(html) {
  return document.createRange().createContextualFragment(html);
}

// Only blocks that differ are exchanged, so that a selection in earlier ones survives the next words.
function rewrite(target, html) {
  const next = [...fragment(html).children];
  const old = [...target.children];
  next.forEach((block, index) => {
    if (!old[index]) target.append(block);
    else if (old[index].outerHTML !== block.outerHTML) old[index].replaceWith(block);
  });
  old.slice(next.length).forEach((block) => block.remove());
}

function running(id) {
  document.querySelector("[data-stop]").hidden = !id;
  document.querySelector("[data-send]").hidden = Boolean(id);
  if (id) stopForm.action = `/assistant/answers/${id}/stop`;
}

function finish(answer, source) {
  source.close();
  answer.removeAttribute("data-stream");
  answer.removeAttribute("aria-busy");
  running(null);
}

function follow(answer) {
  if (answer.dataset.following) return;
  answer.dataset.following = "yes";
  const source = new EventSource(answer.dataset.stream);
  const on = (name, act) => source.addEventListener(name, (event) => keepingPlace(() => act(JSON.parse(event.data))));
  running(answer.id.replace("answer-", ""));
  on("text", ({ html }) => rewrite(answer.querySelector(".answer-text"), html));
  on("tool", ({ html }) => answer.querySelector(".answer-lookups").append(fragment(html)));
  on("suggestion", ({ html }) => answer.querySelector(".answer-cards").append(fragment(html)));
  on("done", ({ html, quota }) => {
    finish(answer, source);
    const whole = fragment(html).firstElementChild;
    answer.replaceWith(whole);
    if (quota) document.getElementById("quota")?.replaceWith(fragment(quota).firstElementChild);
    window.htmx?.process(whole);
    equip();
  });
  source.onerror = () => {
    if (source.readyState === EventSource.CLOSED) finish(answer, source);
  };
}

function equip() {
  for (const answer of log.querySelectorAll("[data-stream]")) follow(answer);
  for (const button of log.querySelectorAll("[data-copy-answer][hidden]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.closest(".answer").querySelector(".answer-text").innerText);
      button.setAttribute("aria-label", "Copied");
    });
  }
}

for (const starter of document.querySelectorAll("[data-starter]")) {
  starter.addEventListener("click", (event) => {
    event.preventDefault();
    question.value = starter.dataset.words;
    const context = composer.elements.context;
    if (context) context.value = starter.dataset.context;
    question.focus();
  });
}

// Letters of most languages weigh about a quarter of a token; the server reserves by a closer count.
const estimate = document.querySelector("[data-estimate]");
question.addEventListener("input", () => {
  const words = Math.ceil(question.value.length / 4.2);
  const known = Number(estimate.dataset.estimate) || 0;
  estimate.hidden = !words && !known;
  estimate.textContent = `≈ ${(known + words).toLocaleString()} tokens`;
});

stopForm?.addEventListener("submit", (event) => {
  event.preventDefault();
  fetch(stopForm.action, { method: "POST", body: new FormData(stopForm), headers: { "HX-Request": "true" } });
});

composer.addEventListener("htmx:after:request", (event) => {
  if (event.detail.ctx.response?.raw?.ok ?? true) question.value = "";
});

// The page's own requests add messages at the end: the asker wants to see them.
document.addEventListener("htmx:after:swap", () => {
  if (log.querySelector("article")) log.querySelector(".start")?.remove();
  if (log.querySelector("[data-stream]:not([data-following])")) log.scrollTop = log.scrollHeight;
  equip();
});

// A conversation opens at its end, the invitation of a new one at its beginning.
if (log.querySelector("article")) log.scrollTop = log.scrollHeight;
equip();

// Files go to the server as they are, not through the page's own questions, which are small.
const WAITING = new Set(["reading", "applying", "undoing"]);

const say = (words) => {
  const place = document.getElementById("import-said");
  if (place) place.textContent = words;
};

const counted = (n) => n.toLocaleString("en-US") + (n === 1 ? " row" : " rows");

async function ended(path) {
  for (;;) {
    const found = await (await fetch("/api/v1/imports/" + path)).json();
    if (!WAITING.has(found.state)) return found;
    const share = found.state === "reading" ? "" : ", " + Math.round(100 * found.progress) + "%";
    say(found.state[0].toUpperCase() + found.state.slice(1) + ": " + counted(found.rows) + share);
    await new Promise((later) => setTimeout(later, 400));
  }
}

async function asked(method, path, body) {
  const answer = await fetch("/api/v1" + path, { method, body });
  if (!answer.ok) {
    const problem = await answer.json().catch(() => ({}));
    say(problem.detail || "The server answered " + answer.status + ".");
    return;
  }
  const found = answer.status === 204 ? null : await ended((await answer.json()).id);
  location.assign("/imports" + (found ? "?import=" + found.id : ""));
}

function bring(zone, file) {
  if (!file) return;
  say("Sending " + (file.size / 1e6).toFixed(1) + " MB");
  asked("POST", "/imports/" + zone.dataset.format, file).catch(() =>
    say("The file could not be sent. Is the server there?"),
  );
}

const zoneOf = (event) => event.target.closest?.("#import-drop");

for (const name of ["dragover", "dragleave", "drop"])
  document.addEventListener(name, (event) => {
    const zone = zoneOf(event);
    if (!zone) return;
    event.preventDefault();
    zone.classList.toggle("over", name === "dragover");
    if (name === "drop") bring(zone, event.dataTransfer.files[0]);
  });

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-request]");
  if (button) {
    button.disabled = true;
    const [method, path] = button.dataset.request.split(" ");
    asked(method, path).finally(() => (button.disabled = false));
    return;
  }
  const zone = zoneOf(event);
  if (!zone) return;
  const input = document.createElement("input");
  input.type = "file";
  input.addEventListener("change", () => bring(zone, input.files[0]));
  input.click();
});

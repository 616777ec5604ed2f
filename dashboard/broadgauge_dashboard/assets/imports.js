// Files go to the server as they are, not through the page's own questions, which are small.
const WAITING = new Set(["reading", "applying", "undoing"]);
const AWAY = "The server does not answer. Look in the list below what came of it.";

class Refusal extends Error {}

const say = (words) => {
  const place = document.getElementById("import-said");
  if (place) place.textContent = words;
};

const counted = (n) => n.toLocaleString("en-US") + (n === 1 ? " row" : " rows");

async function answered(path, options) {
  const answer = await fetch("/api/v1" + path, options);
  if (answer.ok) return answer.status === 204 ? null : answer.json();
  const problem = await answer.json().catch(() => ({}));
  throw new Refusal(problem.detail || "The server answered " + answer.status + ".");
}

async function ended(id) {
  for (;;) {
    const found = await answered("/import-runs/" + id);
    if (!WAITING.has(found.state)) return found;
    const share = found.state === "reading" ? "" : ", " + Math.round(100 * found.progress) + "%";
    say(found.state[0].toUpperCase() + found.state.slice(1) + ": " + counted(found.rows) + share);
    await new Promise((later) => setTimeout(later, 400));
  }
}

async function asked(method, path, body) {
  try {
    const begun = await answered(path, { method, body });
    const found = begun && (await ended(begun.id));
    location.assign("/imports" + (found ? "?import=" + found.id : ""));
  } catch (error) {
    say(error instanceof Refusal ? error.message : AWAY);
  }
}

let sending = false;

async function bring(zone, file) {
  if (!file || sending) return;
  const megabytes = (bytes) => (bytes / 1e6).toFixed(1) + " MB";
  if (file.size > zone.dataset.most) {
    say("This file has " + megabytes(file.size) + ", and " + megabytes(zone.dataset.most) + " at most are read.");
    return;
  }
  sending = true;
  say("Sending " + megabytes(file.size));
  await asked("POST", "/imports/" + zone.dataset.format, file);
  sending = false;
}

// A file that misses the zone is not taken, and the browser does not leave the page for it.
for (const name of ["dragover", "dragleave", "drop"])
  document.addEventListener(name, (event) => {
    const zone = document.getElementById("import-drop");
    if (!zone || !event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    const over = zone.contains(event.target);
    zone.classList.toggle("over", over && name === "dragover");
    if (over && name === "drop") bring(zone, event.dataTransfer.files[0]);
  });

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-request]");
  if (button) {
    button.disabled = true;
    const [method, path] = button.dataset.request.split(" ");
    asked(method, path).finally(() => (button.disabled = false));
    return;
  }
  const zone = event.target.closest?.("#import-drop");
  if (!zone) return;
  const input = document.createElement("input");
  input.type = "file";
  input.addEventListener("change", () => bring(zone, input.files[0]));
  input.click();
});

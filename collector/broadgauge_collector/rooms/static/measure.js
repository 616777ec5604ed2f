// The page around the test: announces it, shows how far it is, says what it means, sends it.
"use strict";

const LONGEST_SECONDS = 75; // whatever hangs, the page says something by then
const MOST_CALLS = 200; // beyond this nobody is helped by the number
const NOTICED_SECONDS = 0.15; // of delay under load, with which people talk over each other
const BURST_SECONDS = 3; // a reading that rests on less may be a burst's (worker.js)

const PROBLEMS = {
  unreachable: {
    verdict: "The test server doesn't answer",
    meaning: "This device is on the network, but can't reach what it should test with. Try again in a few minutes.",
    it: (server) => `is the test server at ${server} running, and may this network reach its port?`,
  },
  untrusted: {
    verdict: "This browser can't use the test server",
    meaning: "Either it doesn't answer, or this device doesn't trust its certificate.",
    it: (server) =>
      `open ${server.replace(/^ws/, "http")}/ on this device. If a warning comes up, give the test server a certificate of an authority that these devices trust, or install its own on them. If nothing comes up, it is off or a firewall is in between.`,
  },
  blocked: {
    verdict: "Something on this network blocks the test",
    meaning: "Web pages get through, but the kind of connection that the test needs does not.",
    it: (server) => `a filter or proxy stops WebSockets to ${server}. Let them through, without opening TLS.`,
  },
  used_up: {
    verdict: "The test server has done enough for now",
    meaning: "Tests from browsers may use only so much data in an hour, so that nobody else is slowed.",
  },
  busy: { verdict: "The test server is busy", meaning: "Other devices are testing. Try again in a minute." },
  refused: {
    verdict: "The test server refused the test",
    meaning: "It doesn't take tests from browsers.",
    it: (server) => `${server} answered 403 to a test without an access token.`,
  },
  broke_off: { verdict: "The connection broke off", meaning: "The test began, but its connection was lost. Try again; if this happens often here, tell IT." },
  stalled: { verdict: "The network stopped", meaning: "The test began, but then nothing arrived any more. Try again; if this happens often here, tell IT." },
  not_counted: {
    verdict: "Something on this network swallows uploads",
    meaning: "The download worked, but nobody could see the upload arrive.",
    it: (server) => `a proxy keeps uploads to ${server} to itself before passing them on. Let them through, without opening TLS.`,
  },
  not_ndt7: {
    verdict: "Something else answered",
    meaning: "What answered isn't a test server. Perhaps a login page of this network comes first: open any other page, then try again.",
    it: (server) => `what answers at ${server} doesn't speak ndt7.`,
  },
};

const element = (id) => document.getElementById(id);
const { server, serverName, reflector, room, place, call } = document.querySelector("main").dataset;
let underWay = null; // { id, worker, timer } while a test runs

element("start").addEventListener("click", run);
element("again").addEventListener("click", run);
addEventListener("pagehide", leave);
addEventListener("pageshow", ({ persisted }) => persisted && location.reload());

async function run() {
  if (underWay) return;
  underWay = {};
  show("progress");
  progress("Getting ready", 0);
  try {
    const id = room ? await announce() : null;
    underWay = { id };
    const { finished, wait } = await test();
    // From here on a closed page loses nothing: the result is on its way.
    underWay = {};
    const kept = id ? await keep(id, finished) : null;
    conclude(finished, wait, kept);
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    answer({ problem: true, verdict: problem.message, meaning: problem.meaning });
  } finally {
    underWay = null;
  }
}

class Problem extends Error {
  constructor(verdict, meaning) {
    super(verdict);
    this.meaning = meaning;
  }
}

// Waits where another device is testing: two at once would only measure each other.
async function announce() {
  for (let tries = 0; ; tries++) {
    const said = await post("/api/v1/room-tests", { room, reflector_id: reflector });
    if (said.ok) return (await said.json()).id;
    const { detail } = await said.json().catch(() => ({}));
    const seconds = Number(said.headers.get("retry-after"));
    if (said.status !== 429 || !(seconds <= 30) || tries === 12) {
      const when = seconds ? ` Try again in ${minutes(seconds)}.` : "";
      throw new Problem("The test can't begin", `${detail ?? "The server has a problem."}${when}`);
    }
    progress("Another device is testing. Yours begins soon", 0);
    await new Promise((done) => setTimeout(done, seconds * 1000));
  }
}

function test() {
  return new Promise((resolve) => {
    const worker = new Worker(`/measure/worker.js?room=${encodeURIComponent(room)}`);
    const end = (outcome) => {
      clearTimeout(timer);
      worker.terminate();
      resolve(outcome);
    };
    const failed = (fault) => end({ finished: { download: { fault }, upload: { fault } } });
    const timer = setTimeout(() => failed("stalled"), LONGEST_SECONDS * 1000);
    worker.onerror = () => failed("broke_off");
    worker.onmessage = ({ data }) => {
      if (data.finished) end(data);
      else if (data.direction === "download") progress("Receiving", data.share / 2);
      else progress("Sending", 0.5 + data.share / 2);
    };
    worker.postMessage(server);
  });
}

async function keep(id, finished) {
  progress("Keeping the result", 1);
  for (let tries = 0; tries < 3; tries++) {
    const said = await post(`/api/v1/room-tests/${id}`, finished).catch(() => null);
    if (said?.ok) return true;
    if (said && said.status < 500 && said.status !== 409) return false;
    await new Promise((done) => setTimeout(done, 2000));
  }
  return false;
}

async function post(path, body) {
  try {
    return await fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      credentials: "omit",
      body: JSON.stringify(body),
    });
  } catch {
    throw new Problem("This device is offline", "The server can't be reached. Check the Wi-Fi, then try again.");
  }
}

// A test that ends here is a failed one, never a number.
function leave() {
  if (!underWay?.id) return;
  const closed = { download: { fault: "closed" }, upload: { fault: "closed" } };
  const body = new Blob([JSON.stringify(closed)], { type: "application/json" });
  navigator.sendBeacon(`/api/v1/room-tests/${underWay.id}`, body);
}

function conclude({ download, upload }, wait, kept) {
  const fault = download.fault ?? upload.fault;
  facts(download, upload);
  if (fault) {
    const { verdict, meaning, it } = PROBLEMS[fault];
    const when = wait ? ` Try again in ${minutes(wait)}.` : "";
    answer({ problem: true, verdict, meaning: meaning + when, it: it?.(server), kept });
    return;
  }
  const calls = Math.floor(Math.min(download.throughput_bits_per_second, upload.throughput_bits_per_second) / Number(call));
  const slow = Math.max(download.loaded_rtt_seconds ?? 0, upload.loaded_rtt_seconds ?? 0) > NOTICED_SECONDS;
  const brief = Math.min(download.measured_from_seconds, upload.measured_from_seconds) < BURST_SECONDS;
  answer({ verdict: verdictOf(calls), meaning: meaningOf(calls, slow, brief), kept });
}

function verdictOf(calls) {
  const where = room ? "This room" : "The network here";
  if (calls < 1) return `${where} can't carry a good video call right now`;
  if (calls === 1) return `${where} can carry one video call`;
  const count = calls > MOST_CALLS ? `more than ${MOST_CALLS}` : `about ${calls > 20 ? round(calls) : calls}`;
  return `${where} can carry ${count} video calls`;
}

function meaningOf(calls, slow, brief) {
  const enough =
    calls < 1 ? "Sound alone or a small picture may still work."
    : calls < 5 ? "Enough for a few people at once, not for a class."
    : calls < 30 ? "Enough for a part of a class at once."
    : "Enough for a whole class at once.";
  const stutters = slow ? "While it is busy, calls may stutter: answers take long to come." : "";
  const mayPass = brief ? "The test was too short to tell whether it stays this fast." : "";
  return [enough, stutters, mayPass].filter(Boolean).join(" ");
}

function answer({ problem = false, verdict, meaning, it, kept }) {
  const words =
    kept ? `Thank you. The result is kept for ${place}.`
    : room ? "Nothing could be kept. Please test again."
    : "You see the result; nothing was kept.";
  show("answer");
  element("answer").classList.toggle("is-problem", problem);
  element("verdict").textContent = verdict;
  element("meaning").textContent = meaning;
  element("to-it").textContent = it ?? "";
  element("it").hidden = !it;
  element("kept").textContent = problem && kept ? "IT can see that this test failed." : problem ? "" : words;
  element("details").hidden = !element("facts").childElementCount;
  element("said").textContent = `${verdict}. ${element("meaning").textContent} ${element("kept").textContent}`;
}

function show(id) {
  for (const other of ["progress", "answer"]) element(other).hidden = other !== id;
  for (const other of ["intro", "start", "code"]) element(other).hidden = true;
  element("heading").hidden = id === "answer"; // which has a heading of its own
  if (id === "progress") element("facts").replaceChildren();
  element(id).focus(); // the button that had it is gone
}

function progress(phase, share) {
  element("bar").value = share;
  if (element("phase").textContent === phase) return;
  element("phase").textContent = phase;
  element("said").textContent = phase;
}

function facts(download, upload) {
  const bytes = (download.bytes_transferred ?? 0) + (upload.bytes_transferred ?? 0);
  const rows = [
    ["Download", rate(download)],
    ["Upload", rate(upload)],
    ["Delay, idle", milliseconds(download.idle_rtt_seconds)],
    ["Delay, downloading", milliseconds(download.loaded_rtt_seconds)],
    ["Delay, uploading", milliseconds(upload.loaded_rtt_seconds)],
    ["Data used", `${round(bytes / 1e6)} MB`],
    ["Test server", `${serverName}, ${server}`],
    ["When", new Date().toLocaleString()],
  ];
  element("facts").replaceChildren(...rows.map(row));
}

function row([name, value]) {
  const [line, term, text] = ["div", "dt", "dd"].map((tag) => document.createElement(tag));
  term.textContent = name;
  text.textContent = value;
  line.append(term, text);
  return line;
}

const round = (number) => Number(number.toPrecision(2)).toLocaleString();
const rate = (part) =>
  part.fault ? "no result" : `${Number((part.throughput_bits_per_second / 1e6).toPrecision(3)).toLocaleString()} Mbps`;
const milliseconds = (seconds) => (seconds == null ? "unknown" : `${Number((seconds * 1000).toPrecision(2))} ms`);
const minutes = (seconds) => (seconds <= 90 ? "a minute" : `${Math.ceil(seconds / 60)} minutes`);

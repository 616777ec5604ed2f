// One ndt7 test, download then upload, in a worker so that drawing the page never slows it.
// https://github.com/m-lab/ndt-server/blob/main/spec/ndt7-protocol.md
"use strict";

const PROTOCOL = "net.measurementlab.ndt.v7";
const FIRST_MESSAGE_BYTES = 2 ** 13;
const LARGEST_MESSAGE_BYTES = 2 ** 20;
const MOST_MESSAGE_BYTES = 2 ** 24;
const CONNECT_SECONDS = 10;
const LONGEST_SECONDS = 8; // the protocol grants ten; what has not settled by now will not
const SILENT_SECONDS = 4; // a server says at least twice a second what arrived
const PAUSE_SECONDS = 1; // after more than this without a byte, the end has to wait: the path may be dead
const BUDGET_BYTES = 250e6; // a direction: two seconds of a gigabit line
const INTERVAL_SECONDS = 0.25;
const SETTLED_INTERVALS = 6; // that lie within SETTLED_SPREAD of their mean
const SETTLED_SPREAD = 0.1;
const BURST_SECONDS = 3; // many lines begin with one, and the collector goes by the same (rooms/floor.py)
const BURST_INTERVALS = BURST_SECONDS / INTERVAL_SECONDS;
const SHORTEST_SECONDS = BURST_SECONDS + SETTLED_INTERVALS * INTERVAL_SECONDS; // all of it after a burst
const ENOUGH_INTERVALS = 1 / INTERVAL_SECONDS; // for an estimate of what comes after a burst
const MESSAGES_AHEAD = 4; // handed to the browser and not yet sent

onmessage = async ({ data: server }) => {
  const download = await measure(server, "download");
  const upload = download.connected
    ? await measure(server, "upload")
    : { part: { fault: download.part.fault } };
  postMessage({ finished: { download: download.part, upload: upload.part }, wait: download.wait ?? upload.wait });
};

async function measure(server, direction) {
  const address = `${server}/ndt/v7/${direction}`;
  const opened = await open(address);
  if (!opened.socket) return { part: { fault: opened.fault }, wait: opened.wait, connected: false };
  const part = await transfer(opened.socket, direction);
  if (part.fault === "broke_off") {
    const { fault, wait } = await whyNot(address);
    if (fault === "used_up") return { part: { ...part, fault }, wait, connected: true };
  }
  return { part, connected: true };
}

function open(address) {
  return new Promise((resolve) => {
    const socket = new WebSocket(address, PROTOCOL);
    socket.binaryType = "arraybuffer";
    const failed = async () => {
      clearTimeout(timer);
      socket.onopen = socket.onclose = socket.onerror = null;
      socket.close();
      resolve(await whyNot(address));
    };
    const timer = setTimeout(failed, CONNECT_SECONDS * 1000);
    socket.onerror = socket.onclose = failed;
    socket.onopen = () => {
      clearTimeout(timer);
      socket.onerror = socket.onclose = null;
      resolve({ socket });
    };
  });
}

// A browser never says why a WebSocket failed, but it does so for a page at the same address.
async function whyNot(address) {
  const page = address.replace(/^ws/, "http");
  const how = { cache: "no-store", credentials: "omit", referrerPolicy: "no-referrer" };
  const asked = (mode) => fetch(page, { ...how, mode, signal: AbortSignal.timeout(CONNECT_SECONDS * 1000) });
  try {
    const answer = await asked("cors");
    const wait = Number(answer.headers.get("retry-after")) || null;
    return { fault: { 403: "refused", 429: "used_up", 503: "busy" }[answer.status] ?? "blocked", wait };
  } catch {
    try {
      await asked("no-cors");
      return { fault: "blocked" };
    } catch {
      return { fault: address.startsWith("wss:") ? "untrusted" : "unreachable" };
    }
  }
}

function transfer(socket, direction) {
  return new Promise((resolve) => {
    const began = performance.now();
    const seen = { points: [[0, 0]], rtts: [], shortestRtt: null };
    const elapsed = () => (performance.now() - began) / 1000;
    let lastArrival = 0;
    let received = 0;
    let over = false;

    const end = (outcome) => {
      if (over) return;
      over = true;
      clearInterval(watch);
      socket.onmessage = socket.onclose = socket.onerror = null;
      socket.close(1000);
      resolve({ duration_seconds: elapsed(), bytes_transferred: last(seen.points)[1], ...outcome });
    };
    const stop = (reason) => end(estimate(seen, reason));
    const arrived = (seconds, bytes) => {
      if (bytes <= last(seen.points)[1] || seconds <= last(seen.points)[0]) return;
      seen.points.push([seconds, bytes]);
      lastArrival = elapsed();
    };

    socket.onmessage = ({ data }) => {
      if (typeof data === "string") {
        const said = parse(data);
        if (!said) return end({ fault: "not_ndt7" });
        note(seen, said);
        if (direction === "upload") arrived(...countOf(said));
      } else if (direction === "upload" || data.byteLength > MOST_MESSAGE_BYTES) {
        end({ fault: "not_ndt7" });
      } else {
        received += data.byteLength;
        arrived(elapsed(), received);
      }
    };
    // The page ends a test before the server does: a connection that ends by itself was cut.
    socket.onclose = socket.onerror = () => {
      const uncounted = direction === "upload" && seen.points.length === 1 && elapsed() > 1;
      end({ fault: uncounted ? "not_counted" : "broke_off" });
    };
    const watch = setInterval(() => {
      postMessage({ direction, share: Math.min(1, elapsed() / LONGEST_SECONDS) });
      const [seconds, bytes] = last(seen.points);
      const pause = elapsed() - lastArrival;
      if (pause > SILENT_SECONDS) {
        end({ fault: direction === "upload" && bytes === 0 ? "not_counted" : "stalled" });
      } else if (elapsed() >= LONGEST_SECONDS) {
        if (pause <= PAUSE_SECONDS) stop("deadline");
      } else if (bytes >= BUDGET_BYTES && seconds >= 1) stop("budget");
      else if (seconds >= SHORTEST_SECONDS && settled(rates(seen.points))) stop("converged");
    }, 100);
    if (direction === "upload") send(socket, () => over);
  });
}

function send(socket, isOver) {
  let size = FIRST_MESSAGE_BYTES;
  let message = noise(size);
  let queued = 0;
  const pump = () => {
    if (isOver() || socket.readyState !== WebSocket.OPEN) return;
    while (socket.bufferedAmount < MESSAGES_AHEAD * size) {
      socket.send(message);
      queued += size;
    }
    if (size < LARGEST_MESSAGE_BYTES && size <= (queued - socket.bufferedAmount) / 16) {
      size *= 2;
      message = noise(size);
    }
    setTimeout(pump, 0);
  };
  pump();
}

function noise(size) {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += 65536) crypto.getRandomValues(bytes.subarray(at, at + 65536));
  return bytes;
}

function parse(text) {
  try {
    const said = JSON.parse(text);
    return typeof said === "object" && said !== null ? said : null;
  } catch {
    return null;
  }
}

// What the server counted: what arrived, where the sender's own count is what it has buffered.
function countOf(said) {
  const { AppInfo: app, TCPInfo: tcp } = said;
  if (app?.NumBytes > 0) return [app.ElapsedTime / 1e6, app.NumBytes];
  if (tcp?.BytesReceived > 0) return [tcp.ElapsedTime / 1e6, tcp.BytesReceived];
  return [0, 0];
}

function note(seen, said) {
  const { RTT: rtt, MinRTT: shortest } = said.TCPInfo ?? {};
  if (rtt > 0) seen.rtts.push(rtt / 1e6);
  if (shortest > 0) seen.shortestRtt = Math.min(seen.shortestRtt ?? Infinity, shortest / 1e6);
}

function estimate(seen, reason) {
  const series = rates(seen.points);
  const end = series.length;
  const from = reason === "converged" ? end - SETTLED_INTERVALS : begin(end);
  const used = series.slice(from);
  if (!used.length) return { fault: "broke_off" };
  return {
    throughput_bits_per_second: mean(used),
    rates_bits_per_second: series,
    rate_interval_seconds: INTERVAL_SECONDS,
    measured_from_seconds: from * INTERVAL_SECONDS,
    measured_to_seconds: end * INTERVAL_SECONDS,
    idle_rtt_seconds: seen.shortestRtt,
    loaded_rtt_seconds: median(seen.rtts.slice(seen.rtts.length / 2)),
    stop_reason: reason,
  };
}

// Leaves slow start out, and the burst too wherever enough is left.
const begin = (end) => (end - BURST_INTERVALS >= ENOUGH_INTERVALS ? BURST_INTERVALS : Math.ceil(end / 4));

// Payload rate of each whole interval, between counts that come when they come.
function rates(points) {
  const found = [];
  const whole = Math.floor(last(points)[0] / INTERVAL_SECONDS);
  let at = 1;
  let before = 0;
  for (let interval = 1; interval <= whole; interval++) {
    const seconds = interval * INTERVAL_SECONDS;
    while (points[at][0] < seconds) at++;
    const [[fromSeconds, fromBytes], [toSeconds, toBytes]] = [points[at - 1], points[at]];
    const share = (seconds - fromSeconds) / (toSeconds - fromSeconds);
    const bytes = fromBytes + share * (toBytes - fromBytes);
    found.push((8 * (bytes - before)) / INTERVAL_SECONDS);
    before = bytes;
  }
  return found;
}

function settled(series) {
  const recent = series.slice(-SETTLED_INTERVALS);
  const spread = Math.max(...recent) - Math.min(...recent);
  return recent.length === SETTLED_INTERVALS && spread <= SETTLED_SPREAD * mean(recent);
}

const last = (list) => list[list.length - 1];
const mean = (list) => list.reduce((sum, value) => sum + value, 0) / list.length;
const median = (list) => (list.length ? [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)] : null);

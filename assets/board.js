// Keeps the live board as it is now: free units, the pace of claims, what has sold out, the newest
// signed entry. The page is complete without it. Countdowns are fanfare.js's.

const board = document.getElementById("board");
const by = (id) => document.getElementById(id);
const says = (name) => board.getAttribute(`data-say-${name}`) ?? "";
const digits = new Intl.NumberFormat("en");
const put = (one, text) => { if (one && one.textContent !== text) one.textContent = text; };

// --- The server's time ------------------------------------------------------------------------

// An event may come late and never early, so the largest difference is the truest.
let base = Number(document.documentElement.dataset.now) - performance.now();
const now = () => base + performance.now();
const hours = new Intl.DateTimeFormat("en-GB", {
  timeZone: board.dataset.zone, hour: "2-digit", minute: "2-digit", second: "2-digit",
});

function tick() {
  put(by("clock"), hours.format(now()));
  setTimeout(tick, 1004 - (now() % 1000));
}

// --- How fast something sold out, as src/pages/format.rs says it -------------------------------

function span(ms) {
  const unit = (name, n) => says(`span-${name}`).replace("[n]", n);
  if (ms < 10000) return unit("s", String(Math.max(1, Math.ceil(Math.max(0, ms) / 100)) / 10));
  const s = Math.floor(ms / 1000);
  const parts = [["d", Math.floor(s / 86400)], ["h", Math.floor(s / 3600) % 24],
    ["min", Math.floor(s / 60) % 60], ["s", s % 60]];
  const from = parts.findIndex(([, n]) => n > 0);
  return parts.slice(from, from + 2).filter(([, n]) => n > 0).map(([u, n]) => unit(u, n)).join(" ");
}

const soldIn = (ms) => says("sold-in").replace("[span]", span(ms));

const moments = [];

// One at a time: two drops may go in the same second.
function celebrate() {
  if (!moments.length || !by("moment").hidden) return;
  const [name, text] = moments.shift();
  put(by("moment-name"), name);
  put(by("moment-text"), text);
  by("moment").hidden = false;
  setTimeout(() => { by("moment").hidden = true; setTimeout(celebrate, 400); }, 8000);
}

// --- Drops ------------------------------------------------------------------------------------

function show(box, told) {
  const sum = (of) => told.items.reduce((units, item) => units + of(item), 0);
  const free = sum((item) => item.free);
  const given = sum((item) => item.held + item.settled);
  const was = box.dataset.state;
  const gone = told.state === "sold_out" && told.sold_out_after_ms !== null;
  put(box.querySelector("[data-left]"), digits.format(free));
  put(box.querySelector(".gone"), gone ? soldIn(told.sold_out_after_ms) : "");
  box.querySelector("[data-fill]").setAttribute("width", (free * 100) / Math.max(1, free + given));
  for (const item of told.items) {
    const value = item.variant === null ? item.item : `${item.item}/${item.variant}`;
    put(box.querySelector(`[data-line="${CSS.escape(value)}"]`), digits.format(item.free));
  }
  const doubt = String(told.time_in_doubt);
  if (was === told.state && box.dataset.doubt === doubt) return false;
  box.dataset.doubt = doubt;
  box.dataset.state = told.state;
  put(box.querySelector(".chip"), says(told.state));
  if (was === "open" && gone) {
    moments.push([box.querySelector("h2").textContent, soldIn(told.sold_out_after_ms)]);
    celebrate();
  }
  return true;
}

// --- The pace of claims -----------------------------------------------------------------------

const SECONDS = 60;
let [paceNow, counts] = [0, []];

function readPace() {
  const kept = by("pace").dataset;
  [paceNow, counts] = [Number(kept.nowS), kept.counts.split(" ").filter(Boolean).map(Number)];
}

function addPace(told) {
  const missing = Math.min(told.now_s - paceNow, SECONDS);
  if (missing <= 0) return;
  const fresh = told.counts.slice(-missing);
  const gap = Array(Math.max(0, missing - fresh.length)).fill(0);
  counts = [...counts, ...gap, ...fresh].slice(-SECONDS);
  paceNow = told.now_s;
}

function drawPace() {
  const peak = Math.max(0, ...counts);
  const top = Math.max(5, peak);
  const column = (count, at) => {
    const high = Math.max(1, Math.floor((count * 96) / top));
    return `M${(SECONDS - counts.length + at) * 10 + 1} 100v-${high}h8v${high}z`;
  };
  by("pace-path").setAttribute("d", counts.map(column).join(""));
  put(by("pace-last"), digits.format(counts.at(-1) ?? 0));
  put(by("pace-peak"), says("peak").replace("[n]", digits.format(peak)));
}

// --- The newest signed entry ------------------------------------------------------------------

let signedAt = 0;

function signed(drops) {
  const newest = drops.reduce((a, b) => (a.head.time_ms >= b.head.time_ms ? a : b));
  if (!by("head-hash") || newest.head.time_ms < signedAt) return;
  signedAt = newest.head.time_ms;
  put(by("head-drop"), newest.name[document.documentElement.lang]);
  put(by("head-line"), says("head").replace("[seq]", newest.head.seq));
  put(by("head-time"), hours.format(signedAt));
  put(by("head-hash"), newest.head.hash.slice(0, 16).match(/.{4}/g).join(" "));
}

// --- The stream -------------------------------------------------------------------------------

let renewing = 0;

// What came or went needs the page anew; spread, so that all boards do not ask at once.
function renew() {
  if (renewing) return;
  renewing = setTimeout(() => {
    renewing = 0;
    document.dispatchEvent(new Event("renew"));
  }, 500 + Math.random() * 2500);
}

let heard = performance.now();

function told(event) {
  const totals = JSON.parse(event.data);
  heard = performance.now();
  base = Math.max(base, totals.now_ms - heard);
  board.classList.remove("lost");
  board.classList.add("on-air");
  put(by("air").firstElementChild, says("live"));
  const all = [...document.querySelectorAll("[data-show]")];
  const boxes = new Map(all.map((box) => [box.dataset.show, box]));
  let changed = false;
  for (const drop of totals.drops) {
    const box = boxes.get(drop.id);
    // Where the stage is full one more has no place.
    if (!box) changed ||= boxes.size < 6;
    else changed = show(box, drop) || changed;
    boxes.delete(drop.id);
  }
  for (const box of boxes.values()) changed ||= box.dataset.state !== "before";
  addPace(totals.claims_per_s);
  drawPace();
  if (totals.drops.length) signed(totals.drops);
  if (changed) renew();
}

function lose() {
  if (board.classList.contains("lost")) return;
  board.classList.replace("on-air", "lost") || board.classList.add("lost");
  put(by("air").firstElementChild, says("lost").replace("[time]", hours.format(base + heard)));
}

function listen() {
  const [stream, since] = [new EventSource("/api/v1/live"), performance.now()];
  stream.addEventListener("totals", told);
  stream.addEventListener("error", lose);
  const watch = setInterval(() => {
    // Browsers come back by themselves from most breaks, and from some they do not.
    const silent = performance.now() - Math.max(heard, since) > 12000;
    if (silent) lose();
    if (silent || stream.readyState === EventSource.CLOSED) {
      clearInterval(watch);
      stream.close();
      setTimeout(listen, 1000 + Math.random() * 3000);
    }
  }, 2000);
}

tick();
readPace();
// Samples of the board stand still.
if (location.pathname === "/board") listen();

// Countdowns by the server's time, and the numbers of drops that are on. Pages are complete
// without it. A phone whose clock is wrong counts right: only the time since the page was made
// is taken from the phone, and only from its monotonic clock.

const page = document.documentElement;
const status = document.getElementById("status");
const digits = new Intl.NumberFormat("en");

// Server time at performance.now() = 0; first from the page itself, then from the best sample.
let base = Number(page.dataset.now) - performance.now();
let leaving = false;
let touched = false;

async function measure() {
  let best = Infinity;
  for (let sample = 0; sample < 4; sample += 1) {
    const sent = performance.now();
    try {
      const answer = await fetch("/api/v1/now", { cache: "no-store" });
      const { now_ms: now } = await answer.json();
      const got = performance.now();
      // The lowest round trip says most: the true time lies at most half of it away.
      if (Number.isFinite(now) && got - sent < best) {
        best = got - sent;
        base = now + best / 2 - got;
      }
    } catch {
      return; // Out of reach: the page's own time is good enough.
    }
  }
}

const now = () => base + performance.now();

function left(ms) {
  const s = Math.max(0, Math.ceil(ms / 1000));
  const two = (n) => String(n).padStart(2, "0");
  const [d, h, m] = [Math.floor(s / 86400), Math.floor(s / 3600) % 24, Math.floor(s / 60) % 60];
  const clock = `${d || h ? `${two(h)}:` : ""}${two(m)}:${two(s % 60)}`;
  return d ? `${d} ${page.dataset.days} ${clock}` : clock;
}

// Gently: not while somebody fills in a form, and without what an earlier act was told.
function reload(words) {
  if (words && status.textContent !== words) status.textContent = words;
  if (leaving || touched) return;
  leaving = true;
  // Spread over a quarter of a second, so that a crowd does not knock at once; later where the
  // moment had passed before the page came, so that it does not go round and round.
  const wait = late ? 2000 : 50;
  setTimeout(() => location.replace(location.pathname), wait + Math.random() * 250);
}

const clocks = [...document.querySelectorAll("[data-until]")];
const late = clocks.some((clock) => Number(clock.dataset.until) <= Number(page.dataset.now));

function tick() {
  const at = now();
  for (const clock of clocks) {
    const rest = Number(clock.dataset.until) - at;
    clock.hidden = false;
    const text = left(rest);
    const shown = clock.querySelector("b");
    if (shown.textContent !== text) shown.textContent = text;
    if (rest <= 0) reload(clock.dataset.done);
  }
  setTimeout(tick, 1000 - (at % 1000) + 5);
}

const drops = [...document.querySelectorAll("[data-drop]")];
const moving = (drop) => ["open", "paused", "sold_out"].includes(drop.dataset.state);

function show(drop, seen) {
  const sum = (of) => seen.items.reduce((units, item) => units + of(item), 0);
  const free = sum((item) => item.free);
  const given = sum((item) => item.held + item.settled);
  const number = drop.querySelector("[data-free]");
  if (number) number.textContent = digits.format(free);
  const bar = drop.querySelector("[data-bar]");
  if (bar) bar.setAttribute("width", `${Math.floor((free * 100) / Math.max(1, free + given))}%`);
  if (seen.state !== drop.dataset.state) reload();
}

async function look() {
  if (!document.hidden) {
    for (const drop of drops.filter(moving).slice(0, 8)) {
      try {
        const answer = await fetch(`/api/v1/drops/${drop.dataset.drop}`);
        if (answer.ok) show(drop, await answer.json());
      } catch {
        break; // Out of reach: look again later.
      }
    }
  }
  setTimeout(look, 3000 + Math.random() * 2000);
}

for (const form of document.querySelectorAll("[data-claim]")) {
  form.addEventListener("input", () => { touched = true; });
}
// A form that is being sent must not be overtaken by a reload.
addEventListener("submit", () => { touched = true; });
// Back from the phone's pocket or the browser's memory: clocks may have stood still.
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
document.addEventListener("visibilitychange", () => { if (!document.hidden) measure(); });

tick();
measure();
if (drops.some(moving)) setTimeout(look, 3000);

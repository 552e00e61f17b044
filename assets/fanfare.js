// What moves on a page: countdowns by the server's time, drops that open in place, numbers of
// drops that are on, and forms that ask again by themselves. Pages are complete without it.
//
// A phone whose clock is wrong counts right: only the time since a sample of the server's time
// is taken from the phone, and only from its monotonic clock.

const page = document.documentElement;
const status = document.getElementById("status");
const digits = new Intl.NumberFormat("en");
const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });

// --- The server's time ------------------------------------------------------------------------

// Server time at performance.now() = 0, and how far it may be off at most, ms.
let base = Number(page.dataset.now) - performance.now();
let doubt = Infinity;

// The true time lies in the round trip that brought it; the shortest one says most.
function sample(now, sent, got) {
  const half = (got - sent) / 2;
  if (!Number.isFinite(now) || half < 0 || half >= doubt) return;
  doubt = half;
  base = now + half - got;
}

// The page itself is a sample, unless it was kept somewhere on its way.
const [journey] = performance.getEntriesByType("navigation");
if (journey && journey.transferSize > 0 && page.querySelector("[name=key][value]:not([value=''])")) {
  sample(Number(page.dataset.now), journey.requestStart, journey.responseStart);
}

async function measure() {
  // One round trip says it to within half of itself; more only where that is much.
  for (let tries = 0; tries === 0 || (doubt > 150 && tries < 4); tries += 1) {
    const sent = performance.now();
    try {
      const answer = await fetch("/api/v1/now", { cache: "no-store" });
      const { now_ms: now } = await answer.json();
      sample(now, sent, performance.now());
    } catch {
      return; // Out of reach: what is known is good enough.
    }
  }
}

const now = () => base + performance.now();

// --- What is said -----------------------------------------------------------------------------

let quiet = 0;

function say(words, forMs = 0) {
  clearTimeout(quiet);
  if (status.textContent !== (words ?? "")) status.textContent = words ?? "";
  if (forMs) quiet = setTimeout(() => { status.textContent = ""; }, forMs);
}

let lost = false;

function reached(there) {
  if (there === !lost) return;
  lost = !there;
  say(lost ? page.dataset.offline : page.dataset.back, lost ? 0 : 3000);
}

// --- Countdowns -------------------------------------------------------------------------------

function left(ms) {
  const s = Math.max(0, Math.ceil(ms / 1000));
  const two = (n) => String(n).padStart(2, "0");
  const [d, h, m] = [Math.floor(s / 86400), Math.floor(s / 3600) % 24, Math.floor(s / 60) % 60];
  const clock = `${d || h ? `${two(h)}:` : ""}${two(m)}:${two(s % 60)}`;
  return d ? `${d} ${page.dataset.days} ${clock}` : clock;
}

// Among several drops one has to say which.
function named(clock, words) {
  const name = clock.closest("li[data-drop]")?.querySelector("h3").textContent;
  return name ? `${name} · ${words}` : words;
}

function ended(clock) {
  say(named(clock, clock.dataset.done), 6000);
  const drop = clock.closest("[data-drop]");
  if (clock.dataset.nextUntil && drop) {
    open(drop, clock);
  } else if (!clock.dataset.over) {
    clock.dataset.over = "yes";
    // Spread, so that a crowd does not knock at once; and later where it had passed before the
    // page came, so that it does not go round and round.
    const late = Number(clock.dataset.until) <= Number(page.dataset.now);
    setTimeout(renew, (late ? 3000 : 400) + Math.random() * 1600);
  }
}

// The opening: nothing is asked of the server, nothing moves, the button wakes up where it is.
function open(drop, clock) {
  drop.dataset.state = "open";
  clock.dataset.until = clock.dataset.nextUntil;
  clock.dataset.done = clock.dataset.nextDone;
  clock.querySelector("span").textContent = clock.dataset.nextLabel;
  delete clock.dataset.nextUntil;
  for (const chip of drop.querySelectorAll(".chip")) chip.textContent = drop.dataset.openText;
  const total = drop.querySelector("[data-units]");
  if (total && drop.dataset.unitsText) total.textContent = drop.dataset.unitsText;
  for (const form of drop.querySelectorAll("[data-claim]")) wake(form);
}

function wake(form) {
  const button = form.querySelector("[data-ready]");
  button.disabled = false;
  button.textContent = button.dataset.ready;
  if (!form.elements.key.value) {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    form.elements.key.value = [...bytes].map((b) => b.toString(16).padStart(2, "0")).join("");
  }
}

let ticked = performance.now();

function tick() {
  // The phone slept: its monotonic clock may have stood still.
  if (performance.now() - ticked > 5000) doubt = Infinity;
  ticked = performance.now();
  if (doubt === Infinity) measure();
  const at = now();
  // Clocks run down to moments of their own, so each has seconds of its own.
  let next = 1000;
  for (const clock of document.querySelectorAll("[data-until]")) {
    const rest = Number(clock.dataset.until) - at;
    const shown = clock.querySelector("b");
    const text = left(rest);
    if (shown.textContent !== text) shown.textContent = text;
    if (clock.dataset.nextUntil && rest <= 60_000 && rest > 59_000) {
      say(named(clock, page.dataset.soon), 4000);
    }
    if (rest <= 0) ended(clock);
    else next = Math.min(next, rest % 1000);
  }
  for (const bar of document.querySelectorAll("[data-ends]")) {
    const rest = Math.max(0, Number(bar.dataset.ends) - at);
    bar.setAttribute("width", `${Math.min(100, (rest * 100) / Number(bar.dataset.whole))}%`);
  }
  setTimeout(tick, next + 4);
}

// --- Parts that are replaced in place ---------------------------------------------------------

// What somebody chose in a part, and where they are in it, so that a new one can be given it.
function kept(part) {
  const chosen = [...part.querySelectorAll("select, input:checked, input[type=number]")];
  const at = part.contains(document.activeElement) ? document.activeElement : null;
  const all = [...part.querySelectorAll("a, button, input, select, summary")];
  const opened = [...part.querySelectorAll("details")].map((one) => one.open);
  return { values: chosen.map((one) => [one.name, one.value]), place: all.indexOf(at), opened };
}

function give(part, { values, place, opened }) {
  for (const [name, value] of values) {
    for (const one of part.querySelectorAll(`[name="${name}"]`)) {
      if (one.type === "radio") one.checked ||= one.value === value && !one.disabled;
      else if (!one.options || [...one.options].some((o) => o.value === value)) one.value = value;
    }
  }
  [...part.querySelectorAll("details")].forEach((one, at) => { one.open = opened[at] ?? false; });
  if (place >= 0) {
    part.querySelectorAll("a, button, input, select, summary")[place]?.focus({ preventScroll: true });
  }
}

function swap(fresh) {
  for (const part of document.querySelectorAll("[data-part]")) {
    const other = fresh.getElementById(part.id);
    if (!other || part.querySelector("[data-busy]")) continue;
    // What is the same stays: a finger may be on it just now.
    if (part.innerHTML === other.innerHTML) continue;
    const state = kept(part);
    part.replaceChildren(...other.childNodes);
    give(part, state);
  }
  for (const drop of document.querySelectorAll("[data-drop]")) {
    const other = fresh.querySelector(`[data-drop="${CSS.escape(drop.dataset.drop)}"]`);
    if (other) Object.assign(drop.dataset, { ...other.dataset });
  }
  reveal();
}

const read = (text) => new DOMParser().parseFromString(text, "text/html");
let renewing = false;

async function renew() {
  if (renewing || document.hidden || document.querySelector("[data-busy]")) return;
  renewing = true;
  try {
    const answer = await fetch(location.pathname, { headers: { accept: "text/html" } });
    reached(true);
    if (answer.ok) swap(read(await answer.text()));
  } catch {
    reached(false);
  }
  renewing = false;
}

// --- How drops stand --------------------------------------------------------------------------

const ON = ["open", "paused", "sold_out"];
const seen = (drop) => {
  const box = drop.getBoundingClientRect();
  return box.bottom > 0 && box.top < innerHeight;
};

function show(drop, told) {
  const sum = (of) => told.items.reduce((units, item) => units + of(item), 0);
  const free = sum((item) => item.free);
  const given = sum((item) => item.held + item.settled);
  const number = drop.querySelector("[data-free]");
  if (number) number.textContent = digits.format(free);
  const bar = drop.querySelector("[data-bar]");
  if (bar) bar.setAttribute("width", `${Math.floor((free * 100) / Math.max(1, free + given))}%`);
  const moved = String(told.opens_at_ms) !== drop.dataset.opens;
  const ahead = told.state === "before" && drop.dataset.state === "open";
  const doubt = String(told.time_in_doubt) !== drop.dataset.doubt;
  if ((told.state !== drop.dataset.state && !ahead) || moved || doubt) renew();
}

async function look(round = 0) {
  const slow = round % 8 === 0;
  const wanted = (drop) => seen(drop) && (ON.includes(drop.dataset.state)
    || (slow && drop.dataset.state === "before"));
  // A claim whose time stands still has no clock that would bring it up to date.
  if (slow && round > 0 && document.querySelector("[data-still]")) renew();
  if (!document.hidden && !document.querySelector("[data-busy]")) {
    for (const drop of [...document.querySelectorAll("[data-drop]")].filter(wanted).slice(0, 4)) {
      try {
        const answer = await fetch(`/api/v1/drops/${drop.dataset.drop}`);
        reached(true);
        if (answer.ok) show(drop, await answer.json());
      } catch {
        reached(false);
        break;
      }
    }
  }
  // Nearer to each other while it is on; a crowd's questions are spread.
  setTimeout(look, 3000 + Math.random() * 1500, round + 1);
}

// A page everybody may keep has no form of its own; some time before the opening, not all at
// once, it gets one, so that nobody has to ask for anything when it opens.
function arm() {
  const drop = document.querySelector("article[data-drop][data-state=before]");
  const form = drop?.querySelector("[data-claim]");
  if (!form || form.elements.key.value) return;
  const wait = Number(drop.dataset.opens) - now() - 60_000 - Math.random() * 480_000;
  if (wait < 2 ** 31) setTimeout(renew, Math.max(0, wait));
}

// --- Forms ------------------------------------------------------------------------------------

function busy(form, on) {
  form.toggleAttribute("data-busy", on);
  const button = form.querySelector("button");
  if (on) button.dataset.said = button.textContent;
  if (button.dataset.asking) {
    button.textContent = on ? button.dataset.asking : button.dataset.said;
  }
}

// What a form is answered with: the same page again, in place; or another one.
async function arrive(answer) {
  const fresh = read(await answer.text());
  const to = new URL(answer.url);
  say("");
  if (to.pathname === location.pathname) {
    document.querySelector("[data-busy]")?.removeAttribute("data-busy");
    swap(fresh);
    return;
  }
  const main = fresh.querySelector("main");
  document.querySelector("main").replaceWith(main);
  document.querySelector("body > header").replaceWith(fresh.querySelector("body > header"));
  document.title = fresh.title;
  history.pushState(null, "", to.pathname);
  scrollTo(0, 0);
  const heading = main.querySelector("h1");
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
  reveal();
}

// Asks until there is an answer. The form's key makes sure that it is done once at most.
async function send(form) {
  const body = new URLSearchParams(new FormData(form));
  busy(form, true);
  say(page.dataset.asking);
  for (let tries = 1; tries <= 8; tries += 1) {
    let wait = Math.min(8000, 400 * 2 ** tries) * (0.5 + Math.random());
    try {
      const headers = { accept: "text/html" };
      const answer = await fetch(form.action, { method: "POST", body, headers });
      if (answer.status !== 429 && answer.status !== 503) {
        await arrive(answer);
        return;
      }
      wait = Math.max(wait, 1000 * Number(answer.headers.get("retry-after") ?? 1));
      say(page.dataset.crowd);
    } catch {
      say(page.dataset.offline);
    }
    await pause(wait);
  }
  busy(form, false);
  form.submit();
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-send]")) return;
  event.preventDefault();
  if (!form.hasAttribute("data-busy")) send(form);
});
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) print();
});

// What works with a script only is shown with a script only.
function reveal() {
  for (const one of document.querySelectorAll("[data-print]")) one.hidden = false;
}

addEventListener("popstate", () => location.reload());
addEventListener("offline", () => reached(false));
// The board's script hears of changes that need the page anew.
document.addEventListener("renew", renew);
addEventListener("online", () => { reached(true); renew(); });
// Back from the browser's memory, or from the phone's pocket: clocks may have stood still.
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  doubt = Infinity;
  measure();
});

reveal();
measure().then(arm);
tick();
setTimeout(look, 3000);
// A host's figures come anew by themselves; what is being typed beside them stays.
setInterval(() => { if (document.querySelector("[data-live]")) renew(); }, 3000);

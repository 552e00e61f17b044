// Checks a receipt or a proof in the browser: an independent reader of the written format, with
// the browser's own SHA-256 and Ed25519 and nothing of the server's. What is checked stays here.
//
// The format: a fact's leaf is SHA-256 of a zero byte and its bytes. A node is SHA-256 of a one
// byte and its two children; a node without a sibling moves up. A root is SHA-256 of a two byte,
// the number of leaves (4 bytes, big-endian) and the top node. A row's header has 105 bytes: FANF,
// version 1, festival (16), lane (4), seq (8), hash of the row before (32), root (32), time in ms
// (8). The signature is over the header's hash, or over the root of a commit's header hashes.

const box = document.getElementById("check");
const text = document.getElementById("check-text");
const key = document.getElementById("check-key");
const verdict = document.getElementById("verdict");
const steps = document.getElementById("verdict-steps");
const BYTES_MAX = 1 << 20;
const U32 = 2 ** 32;

// --- Words --------------------------------------------------------------------------------------

const camel = (name) => name.replace(/-./g, (part) => part[1].toUpperCase());

function words(name, values = {}) {
  const said = box.dataset[camel(`say-${name}`)] ?? name;
  return said.replace(/\[(\w+)\]/g, (whole, at) => String(values[at] ?? whole));
}

const moment = (ms) => new Intl.DateTimeFormat(document.documentElement.lang, {
  dateStyle: "medium", timeStyle: "medium",
}).format(ms);

// What is wrong: the name of a sentence, and what stands in it.
class Wrong extends Error {
  constructor(name, values = {}) {
    super(words(name, values));
    this.name = name;
  }
}

const need = (holds, name, field) => {
  if (!holds) throw new Wrong(name, { field });
};

// --- Bytes --------------------------------------------------------------------------------------

const hex = (bytes) => [...bytes].map((b) => b.toString(16).padStart(2, "0")).join("");
const same = (one, other) => one.length === other.length && one.every((b, at) => b === other[at]);

function fromHex(value, length, field) {
  const fits = typeof value === "string" && value.length === 2 * length && /^[0-9a-f]*$/.test(value);
  need(fits, "field", field);
  return Uint8Array.from(value.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

// base64url in its one form: no padding, no bits left over.
function fromBase64(value, field) {
  need(typeof value === "string" && /^[A-Za-z0-9_-]*$/.test(value), "field", field);
  need(value.length % 4 !== 1, "field", field);
  const plain = atob(value.replace(/-/g, "+").replace(/_/g, "/"));
  const bytes = Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
  const again = btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  need(again === value, "field", field);
  return bytes;
}

function join(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
const leafOf = (bytes) => sha256(join([0], bytes));
const nodeOf = (left, right) => sha256(join([1], left, right));
const four = (n) => [(n >>> 24) & 255, (n >>> 16) & 255, (n >>> 8) & 255, n & 255];

// The root a leaf and its siblings lead to; none if the number of siblings does not fit.
async function rootOf(leaf, index, count, siblings) {
  if (index >= count) return null;
  let [hash, at, level, used] = [leaf, index, count, 0];
  while (level > 1) {
    const sibling = at % 2 === 0 ? at + 1 : at - 1;
    if (sibling < level) {
      if (used === siblings.length) return null;
      hash = at % 2 === 0 ? await nodeOf(hash, siblings[used]) : await nodeOf(siblings[used], hash);
      used += 1;
    }
    at = Math.floor(at / 2);
    level = Math.ceil(level / 2);
  }
  return used === siblings.length ? sha256(join([2], four(count), hash)) : null;
}

// --- Members ------------------------------------------------------------------------------------

function members(value, at, names) {
  need(value !== null && typeof value === "object" && !Array.isArray(value), "field", at || "{}");
  for (const name of Object.keys(value)) need(names.includes(name), "extra", at + name.slice(0, 40));
  return value;
}

function whole(value, max, field) {
  const fits = Number.isSafeInteger(value) && !Object.is(value, -0) && value >= 0 && value < max;
  need(fits, "field", field);
  return value;
}

function pathOf(value, at, max) {
  members(value, at, ["index", "count", "siblings"]);
  need(Array.isArray(value.siblings) && value.siblings.length <= 32, "field", `${at}siblings`);
  const siblings = value.siblings.map((one) => {
    const hash = fromBase64(one, `${at}siblings`);
    need(hash.length === 32, "field", `${at}siblings`);
    return hash;
  });
  const [index, count] = ["index", "count"].map((name) => whole(value[name], max, at + name));
  return { index, count, siblings };
}

async function headerOf(value, field) {
  const bytes = fromBase64(value, field);
  need(bytes.length === 105 && hex(bytes.subarray(0, 4)) === "46414e46", "field", field);
  need(bytes[4] === 1, "version", String(bytes[4]));
  const view = new DataView(bytes.buffer);
  const seq = view.getBigUint64(25);
  need(seq < BigInt(U32), "field", field);
  return {
    festival: bytes.subarray(5, 21),
    lane: view.getUint32(21),
    seq: Number(seq),
    root: bytes.subarray(65, 97),
    timeMs: Number(view.getBigInt64(97)),
    hash: await sha256(bytes),
  };
}

// --- Facts --------------------------------------------------------------------------------------

// Takes fields off the front of a fact; numbers have one shortest form, with 7 bits a byte.
class Fields {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }

  byte() {
    need(this.at < this.bytes.length, "fact");
    this.at += 1;
    return this.bytes[this.at - 1];
  }

  skip(count) {
    for (let n = 0; n < count; n += 1) this.byte();
  }

  number(max = 2n ** 64n) {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.byte();
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) {
        need((byte !== 0 || shift === 0n) && value < max, "fact");
        return Number(value);
      }
    }
    throw new Wrong("fact");
  }

  signed() {
    const value = BigInt(this.number());
    return Number((value >> 1n) ^ -(value & 1n));
  }

  end() {
    need(this.at === this.bytes.length, "fact");
  }
}

const SMALL = BigInt(U32);

function claimed(fields) {
  const flags = fields.byte();
  need(flags <= 3, "fact");
  const [number] = [fields.number(SMALL), fields.number(2n ** 53n)];
  const [line, quantity] = [fields.number(65536n), fields.number(65536n)];
  const until = fields.number(SMALL);
  if (flags & 1) fields.skip(8);
  if (flags & 2) fields.number(SMALL);
  need(number > 0 && quantity > 0, "fact");
  return { name: "claimed", number, quantity, line: line + 1, when: moment(until * 1000) };
}

function rested(fields) {
  const number = fields.number(SMALL);
  fields.signed();
  fields.signed();
  const sold = fields.byte();
  need(sold <= 1, "fact");
  if (sold) fields.signed();
  const lines = Array.from({ length: fields.number(257n) }, () => (
    [0, 0, 0, 0].map(() => fields.number(SMALL))));
  return { name: "rested", number, lines };
}

function factOf(bytes) {
  const fields = new Fields(bytes);
  const kind = fields.byte();
  let fact = { name: "other" };
  if (kind === 3) fact = claimed(fields);
  else if (kind >= 4 && kind <= 9) fact = { name: "changed", number: fields.number(SMALL) };
  else if (kind === 20) fact = rested(fields);
  else {
    need(kind >= 1 && kind <= 22, "fact");
    return fact;
  }
  fields.end();
  return fact;
}

// --- Receipts and proofs ------------------------------------------------------------------------

let told = [];
const did = (name, values, kind = "good") => told.push({ kind, words: words(name, values) });

async function verify(publicKey, message, signature) {
  let imported;
  try {
    imported = await crypto.subtle.importKey("raw", publicKey, "Ed25519", false, ["verify"]);
  } catch (why) {
    throw new Wrong(why.name === "NotSupportedError" ? "no-crypto" : "signature");
  }
  return crypto.subtle.verify("Ed25519", imported, signature, message);
}

// The key, held against the fingerprint somebody gave; its first eight bytes name it in seals.
async function keyOf(value, wanted) {
  const bytes = fromHex(value, 32, "public_key");
  const print = await sha256(bytes);
  if (wanted) {
    // A festival may have had several keys; they stand there one after the other.
    const keys = wanted.match(/.{1,64}/g);
    need(keys.includes(hex(print)) || keys.includes(value), "other-key", hex(print));
    did("did-key");
  } else {
    did("no-key", {}, "open");
  }
  return { bytes, id: hex(print.subarray(0, 8)) };
}

async function sealed(head, at, publicKey) {
  const header = await headerOf(head.row, `${at}row`);
  need(fromHex(head.key, 8, `${at}key`) && head.key === publicKey.id, "seal-key");
  const signature = fromBase64(head.signature, `${at}signature`);
  need(signature.length === 64, "field", `${at}signature`);
  const path = "path" in head
    ? pathOf(head.path, `${at}path.`, U32)
    : { index: 0, count: 1, siblings: [] };
  let message = header.hash;
  if (path.count === 1) {
    need(path.index === 0 && path.siblings.length === 0, "signature");
  } else {
    const leaf = await leafOf(header.hash);
    message = await rootOf(leaf, path.index, path.count, path.siblings);
  }
  need(message && await verify(publicKey.bytes, message, signature), "signature");
  return header;
}

async function sameFestival(name, header) {
  need(typeof name === "string", "field", "festival");
  const number = (await sha256(new TextEncoder().encode(name))).subarray(0, 16);
  need(same(number, header.festival), "festival", name);
}

const RECEIPT = ["version", "kind", "festival", "fact", "place", "head", "public_key"];

async function receipt(value, at, publicKey) {
  members(value, at, RECEIPT);
  need(value.version === 1 && value.kind === "receipt", "kind");
  const place = pathOf(value.place, `${at}place.`, 65536);
  members(value.head, `${at}head.`, ["row", "key", "signature", "path"]);
  const header = await sealed(value.head, `${at}head.`, publicKey);
  const bytes = fromBase64(value.fact, `${at}fact`);
  const root = await rootOf(await leafOf(bytes), place.index, place.count, place.siblings);
  need(root && same(root, header.root), "root");
  const fact = factOf(bytes);
  await sameFestival(value.festival, header);
  return { header, fact };
}

const sealSaid = ({ seq, lane, timeMs }) => did("did-seal", { seq, lane, when: moment(timeMs) });

async function checkReceipt(value, wanted) {
  members(value, "", RECEIPT);
  did("did-read");
  const publicKey = await keyOf(value.public_key, wanted);
  const { header, fact } = await receipt(value, "", publicKey);
  sealSaid(header);
  did("did-place");
  did("did-festival", { field: value.festival });
  did(fact.name, fact);
  return "good";
}

const UNITS = ["issued", "free", "set_aside", "held", "settled"];

function totalsOf(value) {
  need(Array.isArray(value), "field", "totals");
  return value.map((one, at) => {
    const where = `totals[${at}].`;
    members(one, where, ["item", "variant", ...UNITS]);
    need(typeof one.item === "string", "field", `${where}item`);
    const units = UNITS.map((name) => whole(one[name], U32, where + name));
    const [issued, ...places] = units;
    need(places.reduce((sum, n) => sum + n, 0) === issued, "sum", one.item);
    return units;
  });
}

async function checkProof(value, wanted) {
  members(value, "", ["version", "kind", "festival", "drop", "lane", "claims", "totals", "head",
    "books", "public_key"]);
  need(typeof value.drop === "string", "field", "drop");
  const publicKey = await keyOf(value.public_key, wanted);
  const { head } = value;
  members(head, "head.", ["lane", "seq", "hash", "time_ms", "row", "key", "signature", "path"]);
  const header = await sealed(head, "head.", publicKey);
  need(head.hash === hex(header.hash), "head", "hash");
  need(head.lane === header.lane && value.lane === header.lane, "head", "lane");
  need(head.seq === header.seq, "head", "seq");
  need(head.time_ms === header.timeMs, "head", "time_ms");
  await sameFestival(value.festival, header);
  const totals = totalsOf(value.totals);
  const claims = whole(value.claims, U32, "claims");
  need("books" in value, "field", "books");
  did("did-read");
  sealSaid(header);
  did("did-festival", { field: value.festival });
  if (value.books === null) {
    did("no-totals", {}, "open");
    return "partly";
  }
  need(value.books?.public_key === value.public_key, "field", "books.public_key");
  const books = await receipt(value.books, "books.", publicKey);
  need(same(books.header.hash, header.hash) && books.fact.name === "rested", "totals");
  const signed = books.fact.lines.map(([issued, free, aside, settled]) => (
    [issued, free, aside, 0, settled]));
  need(JSON.stringify(signed) === JSON.stringify(totals), "totals");
  need(claims === books.fact.number, "totals");
  did("did-totals");
  did("rested", books.fact);
  return "good";
}

// Of two members with one name a reader takes one; people may read the other. JSON has one colon
// outside of texts for each member that is written.
const written = (said) => said.replace(/"(?:[^"\\]|\\.)*"/g, "").split(":").length - 1;
const kept = (value) => (value === null || typeof value !== "object" ? 0
  : Object.values(value).reduce((sum, one) => sum + kept(one),
    Array.isArray(value) ? 0 : Object.keys(value).length));

async function check(said, wanted) {
  need(said.length <= BYTES_MAX, "too-large");
  let value;
  try {
    value = JSON.parse(said);
  } catch {
    throw new Wrong("not-json");
  }
  need(value !== null && typeof value === "object" && !Array.isArray(value), "not-json");
  need(written(said) === kept(value), "twice");
  need(value.version === 1, "version", String(value.version));
  need(value.kind === "receipt" || value.kind === "proof", "kind");
  return (value.kind === "receipt" ? checkReceipt : checkProof)(value, wanted);
}

// --- The page -----------------------------------------------------------------------------------

function show(state, title, more) {
  verdict.dataset.verdict = state;
  document.getElementById("verdict-title").textContent = words(title);
  document.getElementById("verdict-more").textContent = more ?? "";
  steps.replaceChildren(...told.map(({ kind, words: said }) => {
    const step = document.createElement("li");
    step.className = kind;
    step.textContent = said;
    return step;
  }));
}

let turn = 0;

async function run() {
  turn += 1;
  const mine = turn;
  const said = text.value.trim();
  told = [];
  if (!said) {
    show("none", "none", words("none-more"));
    return;
  }
  const wanted = key.value.toLowerCase().replace(/[^0-9a-f]/g, "");
  let [wrong, proven] = [null, "good"];
  try {
    // Browsers have it only where the page came over https, or from this very machine.
    need(crypto.subtle, "insecure");
    proven = await check(said, wanted);
  } catch (why) {
    wrong = why instanceof Wrong ? why : new Wrong("kind");
  }
  if (mine !== turn) return;
  if (wrong) {
    // What this browser cannot check is not for that reason wrong.
    const cannot = wrong.name === "no-crypto" || wrong.name === "insecure";
    told = [{ kind: cannot ? "open" : "bad", words: wrong.message }];
    if (cannot) show("none", "cannot", "");
    else show("bad", "bad", "");
  } else if (!wanted) {
    show("open", "open", words("open-more"));
  } else {
    // What no signature covers yet is not said to hold.
    show(proven === "good" ? "good" : "open", proven, words(`${proven}-more`));
  }
}

async function fetched(address) {
  try {
    const answer = await fetch(address, { headers: { accept: "application/json" } });
    if (!answer.ok) throw new Error(answer.status);
    text.value = await answer.text();
    await run();
    verdict.scrollIntoView({ block: "nearest" });
  } catch {
    told = [{ kind: "open", words: words("unreachable") }];
    show("none", "none", "");
  }
}

text.addEventListener("input", run);
key.addEventListener("input", run);
document.getElementById("check-file").addEventListener("change", async (event) => {
  const [file] = event.target.files;
  if (!file) return;
  text.value = file.size > BYTES_MAX ? ".".repeat(BYTES_MAX + 1) : await file.text();
  run();
});

const asked = new URLSearchParams(location.search);
const plain = (name, form) => (form.test(asked.get(name) ?? "") ? asked.get(name) : null);
const claim = plain("claim", /^[0-9]+-[0-9]+-[0-9]+$/);
const drop = plain("drop", /^[a-z0-9-]+$/);
if (claim) fetched(`/claims/${claim}/receipt`);
else if (drop) fetched(`/api/v1/drops/${drop}/proof`);

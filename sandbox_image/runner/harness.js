'use strict';
// The JavaScript half of `child.py`: loads one program, calls it with each input, replies.
//
// Reads the job from fd 4: `!II` (header bytes, body bytes), a JSON header, then the code
// and the inputs end to end. Writes replies (`!BI`, body) to fd 3: see `replies.py`.
// The program shares this realm and can change all of it; it only spoils its own results.

const fs = require('fs');
const vm = require('vm');

const JOB_FD = 4;
const REPLY_FD = 3;
const Code = { OK: 0, EXCEPTION: 1, NOT_JSON: 2, OUTPUT_LIMIT: 3, MEMORY_LIMIT: 4, LOAD_ERROR: 5, LOADED: 6 };
const MESSAGE_CHARS = 500;
const TYPE_CHARS = 100;
const MAX_DEPTH = 500;
const SEED_STRIDE = 1000003n;
const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;

class NotJson extends TypeError {}

function readJob() {
  const bytes = fs.readFileSync(JOB_FD);
  fs.closeSync(JOB_FD);
  const headerEnd = 8 + bytes.readUInt32BE(0);
  const job = JSON.parse(bytes.toString('utf8', 8, headerEnd));
  let start = headerEnd;
  job.parts = job.sizes.map((size) => bytes.subarray(start, (start += size)));
  return job;
}

function reply(code, body = '') {
  const text = Buffer.from(body);
  const frame = Buffer.alloc(5 + text.length);
  frame.writeUInt8(code, 0);
  frame.writeUInt32BE(text.length, 1);
  text.copy(frame, 5);
  for (let sent = 0; sent < frame.length; ) sent += fs.writeSync(REPLY_FD, frame, sent);
}

function describe(error) {
  try {
    const known = error instanceof Error;
    const name = String(known ? error.name : typeof error).slice(0, TYPE_CHARS);
    return `${name.replace(/\n/g, ' ')}\n${String(known ? error.message : error).slice(0, MESSAGE_CHARS)}`;
  } catch {
    return 'Error\n<no text>';
  }
}

function outOfMemory(error) {
  return error instanceof RangeError && String(error.message).includes('allocation failed');
}

// JSON.stringify turns NaN into null and leaves out what it does not know; Python refuses.
function checkJson(value, depth) {
  if (depth > MAX_DEPTH) throw new NotJson('nested too deep, or holds itself');
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return;
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new NotJson(`${value} is not JSON`);
    return;
  }
  if (Array.isArray(value)) {
    for (const item of value) checkJson(item, depth + 1);
    return;
  }
  const plain = typeof value === 'object' && [Object.prototype, null].includes(Object.getPrototypeOf(value));
  if (!plain) throw new NotJson(`${typeof value} is not JSON`);
  for (const key of Object.keys(value)) checkJson(value[key], depth + 1);
}

// Numbers of JavaScript are doubles: JSON.parse rounds whole numbers that no double holds.
const TEXTS = /"(?:[^"\\]|\\.)*"/g;
const WHOLE_NUMBERS = /-?\d{16,}(?![\d.eE])/g;
function parseInput(text) {
  for (const [digits] of text.replace(TEXTS, '""').matchAll(WHOLE_NUMBERS)) {
    if (BigInt(digits) !== BigInt(Number(digits))) throw new NotJson(`${digits} is no number of JavaScript`);
  }
  return JSON.parse(text);
}

// Math.random depends on the seed and the index alone, as `random` does in Python.
let state = 0;
function reseed(seed, index) {
  state = Number(BigInt.asUintN(32, BigInt(seed) * SEED_STRIDE + BigInt(index)));
}
Math.random = function random() {
  state = (state + 0x6d2b79f5) | 0;
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
};

function load(code, entryPoint) {
  vm.runInThisContext(code, { filename: '<program>' });
  if (!IDENTIFIER.test(entryPoint)) throw new TypeError('the entry point is not a name');
  const entry = vm.runInThisContext(entryPoint);
  if (typeof entry !== 'function') throw new TypeError(`${entryPoint} is not a function`);
  return entry;
}

function call(entry, text, outputBytes) {
  let value;
  try {
    value = entry(parseInput(text));
  } catch (error) {
    if (error instanceof NotJson) return [Code.NOT_JSON, describe(error)];
    return outOfMemory(error) ? [Code.MEMORY_LIMIT] : [Code.EXCEPTION, describe(error)];
  }
  try {
    checkJson(value, 0);
    const body = JSON.stringify(value);
    return Buffer.byteLength(body) > outputBytes ? [Code.OUTPUT_LIMIT] : [Code.OK, body];
  } catch (error) {
    return [Code.NOT_JSON, describe(error)];
  }
}

// The C++ halves of Node's modules abort on arguments that their JavaScript halves never give.
process.binding = process._linkedBinding = () => {
  throw new Error('there are no bindings');
};

// V8 aborts when its heap is full, so a program must not be able to look like that.
process.abort = () => process.reallyExit(134);

function main() {
  const job = readJob();
  const [code, ...inputs] = job.parts;
  globalThis.require = require;
  globalThis.module = { exports: {} };
  reseed(job.seed, 0);
  let entry;
  try {
    entry = load(code.toString(), job.entry_point);
  } catch (error) {
    return outOfMemory(error) ? reply(Code.MEMORY_LIMIT) : reply(Code.LOAD_ERROR, describe(error));
  }
  reply(Code.LOADED);
  for (let index = job.first; index < inputs.length; index += 1) {
    reseed(job.seed, index);
    const [verdict, body] = call(entry, inputs[index].toString(), job.output_bytes);
    reply(verdict, body);
    if (verdict === Code.MEMORY_LIMIT) return undefined;
  }
  return undefined;
}

main();
process.reallyExit(0);

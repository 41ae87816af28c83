// Runs reported attacks on the real pattern in Node and says which show the growth claimed.
// usage: node confirm.mjs PATTERNS.json ANSWERS.jsonl
//   PATTERNS.json: array of {id, regex, flags}; ANSWERS.jsonl: what `answer_lines` wrote for them.
// Exponential: at least 1.25 times the time per pump, below 2,000 characters.
// Polynomial: slope of log(time) over log(length) of at least 1.5, below 200,000 characters.
import { readFileSync } from 'node:fs';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';

const LIMIT_MS = 20_000;

function time(regex, input) {
  let best = Infinity;
  for (let i = 0; i < 3; i++) {
    regex.lastIndex = 0;
    const start = process.hrtime.bigint();
    regex.exec(input);
    best = Math.min(best, Number(process.hrtime.bigint() - start) / 1e6);
    if (best > 50) break;
  }
  return best;
}

function confirm({ regex, flags, verdict, attack }) {
  const re = new RegExp(regex, flags);
  const text = (n) => attack.prefix + attack.pump.repeat(n) + attack.suffix;
  for (let i = 0; i < 3; i++) time(re, text(3)); // compile to machine code
  if (verdict === 'exponential') {
    const times = [];
    for (let n = 1; text(n).length < 2000; n++) {
      times.push(time(re, text(n)));
      if (times.at(-1) > 400) break;
    }
    const n = times.length - 1;
    const back = Math.min(8, Math.floor(n / 2));
    if (times[n] < 20) return { ok: false, measured: `${times[n]} ms at the end` };
    // From the first time that is clear of the clock's noise.
    let from = n;
    while (from > 0 && times[from - 1] > 0.05 && n - from < back) from--;
    if (from === n) return { ok: times[n] > 400, measured: `${times[n]} ms at ${n + 1} pumps` };
    const growth = (times[n] / times[from]) ** (1 / (n - from));
    return { ok: growth >= 1.25, measured: growth };
  }
  let slope = 0;
  let before = 0;
  for (let n = Math.max(4, Math.ceil(30 / attack.pump.length)); text(n).length < 200_000; n *= 2) {
    const now = time(re, text(n));
    if (before > 0.2) slope = Math.log2(now / before);
    before = now;
    if (slope >= 1.5 && now > 20) return { ok: true, measured: slope };
    if (now > 3000) break;
  }
  return { ok: slope >= 1.5, measured: slope };
}

if (!isMainThread) {
  parentPort.postMessage(confirm(workerData));
} else {
  const patterns = new Map(JSON.parse(readFileSync(process.argv[2], 'utf8')).map((p) => [p.id, p]));
  const answers = readFileSync(process.argv[3], 'utf8').trim().split('\n').map((line) => JSON.parse(line));
  let confirmed = 0;
  let all = 0;
  for (const answer of answers.filter((a) => a.attack)) {
    const { regex, flags } = patterns.get(answer.id);
    const result = await new Promise((resolve) => {
      const worker = new Worker(new URL(import.meta.url), { workerData: { ...answer, regex, flags } });
      const timer = setTimeout(() => {
        worker.terminate();
        resolve({ ok: true, measured: `more than ${LIMIT_MS} ms` });
      }, LIMIT_MS);
      worker.once('message', (message) => {
        clearTimeout(timer);
        resolve(message);
      });
      worker.once('error', (error) => {
        clearTimeout(timer);
        resolve({ ok: false, measured: String(error) });
      });
    });
    all++;
    if (result.ok) confirmed++;
    else console.log(`not confirmed: ${answer.id} ${answer.verdict} ${result.measured} /${regex}/${flags} ${JSON.stringify(answer.attack)}`);
  }
  console.log(`confirmed ${confirmed} of ${all}`);
}

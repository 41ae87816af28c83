// Judges each analyser on the same labelled patterns. See README.md for the method.
import { fork, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';

const PEERS = ['safe-regex', 'safe-regex2', 'redos-detector', 'recheck'];
/** A peer that has not answered by then is stopped, and has not decided. */
const LIMIT_MS = 5_000;

const here = fileURLToPath(new URL('.', import.meta.url));
const place = process.env.PORTCULLIS_REDOS ?? join(here, '../../proof/data/redos');
const files = statSync(place).isDirectory()
  ? readdirSync(place).filter((name) => name.endsWith('.json')).map((name) => join(place, name))
  : [place];
const cases = files.flatMap((file) => JSON.parse(readFileSync(file, 'utf8')));
if (cases.length === 0) throw new Error(`no patterns in ${place}`);

function ours(binary) {
  const input = cases.map(({ id, regex, flags }) => JSON.stringify({ id, regex, flags })).join('\n');
  const run = spawnSync(binary, { input, maxBuffer: 1 << 28 });
  if (run.status !== 0) throw new Error(`${binary}: ${run.error ?? run.stderr}`);
  return run.stdout.toString().trim().split('\n').map((line) => {
    const { verdict, micros } = JSON.parse(line);
    const decided = ['safe', 'polynomial', 'exponential'].includes(verdict);
    return { verdict: decided ? verdict : 'undecided', ms: micros / 1000 };
  });
}

async function peer(name) {
  let child;
  const start = () => { child = fork(join(here, 'peer.mjs'), [name], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] }); };
  const ask = (question) => new Promise((resolve) => {
    if (!child) start();
    const timer = setTimeout(() => {
      child.removeAllListeners();
      child.kill('SIGKILL');
      child = undefined;
      resolve({ verdict: 'undecided', ms: LIMIT_MS });
    }, LIMIT_MS);
    const done = (answer) => {
      clearTimeout(timer);
      child.removeAllListeners();
      resolve(answer);
    };
    child.once('message', done);
    child.once('exit', () => {
      done({ verdict: 'undecided', ms: 0 });
      child = undefined;
    });
    child.send(question);
  });
  for (const { regex, flags } of cases.slice(0, 5)) await ask({ regex, flags }); // to warm up, not counted
  const answers = [];
  for (const { regex, flags } of cases) answers.push(await ask({ regex, flags }));
  child?.kill();
  return answers;
}

function judge(answers, chosen = () => true) {
  let right = 0, wrong = 0, missed = 0, undecided = 0;
  const times = [];
  answers.forEach(({ verdict, ms }, i) => {
    if (!chosen(cases[i])) return;
    const vulnerable = cases[i].vulnerable !== 'safe';
    times.push(ms);
    if (verdict === 'undecided') undecided++;
    const flagged = verdict !== 'safe' && verdict !== 'undecided';
    if (flagged && vulnerable) right++;
    else if (flagged) wrong++;
    else if (vulnerable) missed++;
  });
  times.sort((a, b) => a - b);
  const at = (share) => times[Math.min(times.length - 1, Math.floor(times.length * share))];
  return {
    precision: right / (right + wrong),
    recall: right / (right + missed),
    undecided,
    mean: times.reduce((sum, ms) => sum + ms, 0) / times.length,
    p50: at(0.5),
    p99: at(0.99),
  };
}

const results = { portcullis: ours(process.argv[2]) };
for (const name of PEERS) results[name] = await peer(name);

mkdirSync(join(here, 'results'), { recursive: true });
writeFileSync(join(here, 'results/answers.json'), JSON.stringify(results));
const cell = (value, digits) => value.toFixed(digits);
console.log(`${cases.length} patterns, ${cases.filter((c) => c.vulnerable !== 'safe').length} of them vulnerable\n`);
console.log('| analyser | precision | recall | undecided | mean ms | p50 ms | p99 ms |\n|---|---|---|---|---|---|---|');
for (const [name, answers] of Object.entries(results)) {
  const { precision, recall, undecided, mean, p50, p99 } = judge(answers);
  console.log(`| ${name} | ${cell(precision, 3)} | ${cell(recall, 3)} | ${undecided} | ${cell(mean, 3)} | ${cell(p50, 3)} | ${cell(p99, 2)} |`);
}
const kinds = [...new Set(cases.map((c) => c.kind))];
console.log(`\n| precision / recall by origin | ${kinds.join(' | ')} |\n|---|${kinds.map(() => '---|').join('')}`);
for (const [name, answers] of Object.entries(results)) {
  const cells = kinds.map((kind) => {
    const { precision, recall } = judge(answers, (c) => c.kind === kind);
    return `${cell(precision, 3)} / ${cell(recall, 3)}`;
  });
  console.log(`| ${name} | ${cells.join(' | ')} |`);
}

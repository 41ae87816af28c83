// Mozilla's retriever, analysers and grader on ports of our choosing; its own command line knows only 80 and 443.
// Usage: node judge.js HOST HTTP_PORT HTTPS_PORT PATH     prints {"grade","score","tests"}
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const conf = fileURLToPath(new URL("node_modules/@mdn/mdn-http-observatory/conf/", import.meta.url));
// What the package's postinstall would fetch: no preloaded host, and one top-level domain. Neither bears on localhost.
mkdirSync(conf, { recursive: true });
writeFileSync(`${conf}hsts-preload.json`, "{}");
writeFileSync(`${conf}tld-list.json`, '["test"]');

// The files are read when the modules are loaded.
const source = "./node_modules/@mdn/mdn-http-observatory/src";
const { retrieve } = await import(`${source}/retriever/retriever.js`);
const { ALL_TESTS } = await import(`${source}/constants.js`);
const { getGradeForScore, getScoreModifier } = await import(`${source}/grader/grader.js`);
const { MINIMUM_SCORE_FOR_EXTRA_CREDIT } = await import(`${source}/grader/charts.js`);

const [host, httpPort, httpsPort, path] = process.argv.slice(2);
const retrieved = await retrieve(host, { httpPort: Number(httpPort), httpsPort: Number(httpsPort), path });
if (!retrieved.responses.auto) {
  console.error("no answer");
  process.exit(1);
}

const tests = ALL_TESTS.map((test) => test(retrieved)).map(({ pass, result }) => ({
  result,
  pass,
  modifier: getScoreModifier(result),
}));
// As the package's scanner: what is earned beyond 100 counts only for who loses little.
const sum = (modifiers) => modifiers.reduce((total, modifier) => total + modifier, 100);
const modifiers = tests.map(({ modifier }) => modifier);
const withoutExtra = sum(modifiers.filter((modifier) => modifier < 0));
const score = withoutExtra >= MINIMUM_SCORE_FOR_EXTRA_CREDIT ? sum(modifiers) : withoutExtra;
console.log(JSON.stringify({ status: retrieved.responses.auto.status, ...getGradeForScore(score), tests }));

// Answers each line {pattern, flags, inputs} of standard input with {accepted, runs}:
// per input null, or the start and end of each group.
'use strict';
const lines = require('node:fs').readFileSync(0, 'utf8').split('\n').filter(Boolean);
const answers = lines.map((line) => {
  const { pattern, flags, inputs } = JSON.parse(line);
  try {
    const regex = new RegExp(pattern, flags.includes('d') ? flags : flags + 'd');
    return {
      accepted: true,
      runs: inputs.map((input) => {
        regex.lastIndex = 0;
        const match = regex.exec(input);
        return match && Array.from(match.indices, (range) => range ?? null);
      }),
    };
  } catch (error) {
    return { accepted: false, runs: [] };
  }
});
process.stdout.write(answers.map((answer) => JSON.stringify(answer)).join('\n') + '\n');

// One peer, in a process of its own so that it can be stopped: a pattern in, {verdict, ms} out.
// RECHECK_BACKEND=native makes recheck use its native binary.
process.env.RECHECK_BACKEND = 'native';

const load = {
  'safe-regex': async () => {
    const { default: safe } = await import('safe-regex');
    return (regex) => (safe(regex) ? 'safe' : 'vulnerable');
  },
  'safe-regex2': async () => {
    const { default: safe } = await import('safe-regex2');
    return (regex) => (safe(regex) ? 'safe' : 'vulnerable');
  },
  'redos-detector': async () => {
    const { isSafePattern } = await import('redos-detector');
    return (regex, flags) => {
      const { safe, error } = isSafePattern(regex, {
        caseInsensitive: flags.includes('i'),
        dotAll: flags.includes('s'),
        multiLine: flags.includes('m'),
        unicode: flags.includes('u'),
        timeout: 2000,
      });
      if (safe) return 'safe';
      return error === null || error === 'hitMaxScore' ? 'vulnerable' : 'undecided';
    };
  },
  recheck: async () => {
    const { check } = await import('recheck');
    return async (regex, flags) => {
      const { status } = await check(regex, flags, { timeout: 2000 });
      return status === 'unknown' ? 'undecided' : status;
    };
  },
};

const analyse = await load[process.argv[2]]();
process.on('message', async ({ regex, flags }) => {
  const start = performance.now();
  let verdict;
  try {
    verdict = await analyse(regex, flags);
  } catch {
    verdict = 'undecided';
  }
  process.send({ verdict, ms: performance.now() - start });
});

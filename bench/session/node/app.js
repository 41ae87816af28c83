'use strict';
// `node app.js memory|redis PORT [URL]`: GET /change counts in the session, GET /read reads what it counted.

const express = require('express');
const session = require('express-session');

async function main() {
  const [kind, port, url] = process.argv.slice(2);
  let store;
  if (kind === 'redis') {
    const { RedisStore } = require('connect-redis');
    const client = require('redis').createClient({ url });
    await client.connect();
    store = new RedisStore({ client });
  }
  const app = express();
  app.disable('x-powered-by');
  app.use(session({
    store,
    secret: 'a secret for benches alone, sixty-four bytes long, which is what one of them asks for',
    resave: false,
    saveUninitialized: false,
    cookie: { maxAge: 3600000 },
  }));
  app.get('/change', (req, res) => {
    req.session.count = (req.session.count || 0) + 1;
    res.type('text').send(String(req.session.count));
  });
  app.get('/read', (req, res) => res.type('text').send(String(req.session.count || 0)));
  app.listen(Number(port), '127.0.0.1');
}

main();

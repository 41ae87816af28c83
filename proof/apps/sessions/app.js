'use strict';
// An Express app that keeps its sessions in Redis, PostgreSQL or a cookie: KIND, URL and SECRET say where and how.

const express = require('express');

async function sessions() {
  const { KIND, URL: url, SECRET: secret } = process.env;
  if (KIND === 'cookie') {
    return require('cookie-session')({ name: 'session', keys: [secret], maxAge: 3600000 });
  }
  const session = require('express-session');
  let store;
  if (KIND === 'redis') {
    const client = require('redis').createClient({ url });
    await client.connect();
    store = new (require('connect-redis').RedisStore)({ client });
  } else {
    store = new (require('connect-pg-simple')(session))({ conString: url, createTableIfMissing: true });
  }
  return session({ store, secret, resave: false, saveUninitialized: false, cookie: { maxAge: 3600000 } });
}

async function main() {
  const app = express();
  app.use(await sessions());
  app.get('/login', (req, res) => {
    req.session.user = 'alice';
    req.session.visits = 1;
    res.send('in');
  });
  app.get('/whoami', (req, res) => res.json(req.session));
  app.get('/logout', (req, res) => {
    if (!req.session.destroy) {
      req.session = null;
      return res.send('out');
    }
    req.session.destroy((error) => (error ? res.status(500).send(String(error)) : res.send('out')));
  });
  const server = app.listen(0, '127.0.0.1', () => console.log(`port=${server.address().port}`));
}

main();

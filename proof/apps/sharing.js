'use strict';
// An Express app whose npm `cors` shares with whoever asks, cookies and all.

const { createRequire } = require('node:module');
const load = createRequire(process.cwd() + '/package.json');
const express = load('express');
const cors = load('cors');

const app = express();
app.use(cors({ origin: true, credentials: true }));
app.get('/private', (req, res) => res.json({ secret: 42 }));
app.post('/private', (req, res) => res.json({ changed: true }));
const server = app.listen(0, '127.0.0.1', () => console.log(`port=${server.address().port}`));

'use strict'
// An Express app with logins as many are: nothing counts what fails. Started in a directory whose node_modules hold the Express it
// is to run on; prints its port. `GET /reached` tells how many logins it has seen.
const { createRequire } = require('node:module')
const { createHash } = require('node:crypto')
const load = createRequire(process.cwd() + '/package.json')
const express = load('express')
const session = load('express-session')

const app = express()
app.use(session({ secret: 'a secret only for tests', resave: false, saveUninitialized: false }))
const keepRaw = { verify: (req, res, raw) => { req.raw = raw } }
app.use(express.json(keepRaw), express.urlencoded({ extended: false, ...keepRaw }))

const passwords = { alice: 'correct horse', bob: 'battery staple' }
let reached = 0
let asked = 0
const isRight = (body) => typeof body.username === 'string' && passwords[body.username] === body.password

app.use((req, res, next) => { asked += 1; next() })
app.get('/', (req, res) => res.json({ asked }))
app.get('/reached', (req, res) => res.json({ reached, asked }))
// JSON, told by status.
app.post('/login', (req, res) => {
  reached += 1
  const sha256 = createHash('sha256').update(req.raw || '').digest('hex')
  if (!isRight(req.body || {})) return res.status(401).json({ sha256 })
  req.session.user = req.body.username
  res.json({ sha256 })
})
// A form, told by redirect.
app.post('/signin', (req, res) => {
  reached += 1
  if (!isRight(req.body || {})) return res.redirect('/signin')
  req.session.user = req.body.username
  res.redirect('/')
})
// A page: the form again, with 200.
app.post('/users/login', (req, res) => {
  reached += 1
  if (!isRight(req.body || {})) return res.send('<!DOCTYPE html><title>Sign in</title><p>Wrong name or password.')
  req.session.user = req.body.username
  res.send('<!DOCTYPE html><title>Welcome</title>')
})

const server = app.listen(0, '127.0.0.1', () => console.log(`port=${server.address().port}`))

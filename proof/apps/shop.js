'use strict'
// An Express app as many are: it works, and nobody has read the checklist. Started in a directory whose node_modules hold
// the Express it is to run on; prints its port.
const { createRequire } = require('node:module')
const { createHash } = require('node:crypto')
const http = require('node:http')
const load = createRequire(process.cwd() + '/package.json')
const express = load('express')
const session = load('express-session')
const { WebSocketServer } = load('ws')

const app = express()
app.use(session({ secret: 'a secret only for tests', resave: false, saveUninitialized: false }))
app.use(express.json({ limit: '1mb' }))
app.use(express.urlencoded({ extended: false }))

app.get('/', (req, res) => res.send('<!DOCTYPE html><title>Shop</title><h1>Shop</h1>'))
app.get('/json', (req, res) => res.json({ name: 'Käse', price: 3.5, tags: ['a', 'b'] }))
app.post('/json', (req, res) => res.status(201).json({ got: req.body }))
app.get('/count', (req, res) => {
  req.session.count = (req.session.count || 0) + 1
  res.json({ count: req.session.count })
})
app.get('/visit', (req, res) => {
  req.session.visits = (req.session.visits || 0) + 1
  res.send('<!DOCTYPE html><title>Shop</title><h1>Welcome back</h1>')
})
app.post('/transfer', (req, res) => {
  req.session.sent = (req.session.sent || 0) + Number(req.body.amount)
  res.json({ to: req.body.to, sent: req.session.sent })
})
app.get('/cookies', (req, res) => {
  res.cookie('theme', 'dark')
  res.cookie('XSRF-TOKEN', 'token-for-scripts')
  res.cookie('auth_token', 'x', { sameSite: 'strict', path: '/account' })
  res.send('set')
})
app.get('/saw', (req, res) => res.json({ headers: req.headers, url: req.originalUrl, method: req.method }))
app.get('/throws', () => { throw new Error('the database password is hunter2') })
app.get('/leaks', (req, res) => res.status(400).type('txt').send(new Error('bad query').stack))
app.get('/teapot', (req, res) => res.status(418).json({ error: 'short and stout' }))
app.get('/redirect', (req, res) => res.redirect('/json'))
app.get('/empty', (req, res) => res.status(204).end())
app.get('/slow', (req, res) => setTimeout(() => res.send('at last'), 700))
app.get('/hangs', () => {})
app.get('/admin', (req, res) => res.send('the keys of the house'))
app.post('/upload', (req, res) => {
  const hash = createHash('sha256')
  let length = 0
  req.on('data', (chunk) => { length += chunk.length; hash.update(chunk) })
  req.on('end', () => res.json({ length, sha256: hash.digest('hex') }))
})
app.get('/download', (req, res) => {
  const chunk = Buffer.alloc(64 * 1024, 'portcullis ')
  let left = 50 * 1024 * 1024 / chunk.length
  res.set('Content-Length', String(left * chunk.length))
  const more = () => {
    while (left > 0) {
      left -= 1
      if (!res.write(chunk)) return res.once('drain', more)
    }
    res.end()
  }
  more()
})
app.get('/events', (req, res) => {
  res.set({ 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' })
  let number = 0
  const timer = setInterval(() => {
    number += 1
    res.write(`data: ${number}\n\n`)
    if (number === 3) { clearInterval(timer); res.end() }
  }, 300)
  req.on('close', () => clearInterval(timer))
})
app.get('/trailers', (req, res) => {
  res.set('Trailer', 'X-Checksum')
  res.write('body')
  res.addTrailers({ 'X-Checksum': 'abc' })
  res.end()
})

const server = http.createServer(app)
const sockets = new WebSocketServer({ server, path: '/echo' })
sockets.on('connection', (socket) => socket.on('message', (data, binary) => socket.send(data, { binary })))
server.listen(0, '127.0.0.1', () => console.log(`port=${server.address().port}`))

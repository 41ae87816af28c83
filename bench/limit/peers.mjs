// Decisions of the npm packages, in nanoseconds each: `node peers.mjs memory` or `node peers.mjs redis PORT`. A line `name value`
// for each figure.
import { rateLimit, MemoryStore } from 'express-rate-limit'
import { RateLimiterMemory, RateLimiterRedis } from 'rate-limiter-flexible'
import Redis from 'ioredis'

const KEYS = 100000
const address = (n) => { const b = Math.imul(n, 2654435761) >>> 0; return `${b >>> 24}.${(b >>> 16) & 255}.${(b >>> 8) & 255}.${b & 255}` }
const keys = Array.from({ length: KEYS }, (_, n) => address(n))
const report = (name, began, count) => console.log(name, (Number(process.hrtime.bigint() - began) / count).toFixed(1))

const [what, port] = process.argv.slice(2)
if (what === 'memory') {
  const decisions = 300000
  const flexible = new RateLimiterMemory({ points: 600, duration: 60 })
  for (const round of ['warm', 'measured']) {
    const began = process.hrtime.bigint()
    for (let n = 0; n < decisions; n++) await flexible.consume(keys[n % KEYS]).catch(() => {})
    if (round === 'measured') report('rate_limiter_flexible_ns', began, decisions)
  }
  const store = new MemoryStore()
  store.init({ windowMs: 60000 })
  for (const round of ['warm', 'measured']) {
    const began = process.hrtime.bigint()
    for (let n = 0; n < decisions; n++) await store.increment(keys[n % KEYS])
    if (round === 'measured') report('express_rate_limit_store_ns', began, decisions)
  }
  // The middleware, as an application has it, with the least there is of a request and an answer.
  const middleware = rateLimit({ windowMs: 60000, limit: 600, validate: false, standardHeaders: 'draft-8', legacyHeaders: false })
  const response = { headersSent: false, setHeader () {}, append () {}, getHeader () {} }
  for (const round of ['warm', 'measured']) {
    const began = process.hrtime.bigint()
    for (let n = 0; n < decisions / 10; n++) {
      await new Promise((resolve) => middleware({ ip: keys[n % KEYS], app: { get () {} } }, response, resolve))
    }
    if (round === 'measured') report('express_rate_limit_middleware_ns', began, decisions / 10)
  }
  process.exit(0)
} else {
  const client = new Redis({ port: Number(port), host: '127.0.0.1', enableOfflineQueue: true })
  const flexible = new RateLimiterRedis({ storeClient: client, points: 600, duration: 60 })
  const workers = 64
  for (const [round, each] of [['warm', 100], ['measured', 1000]]) {
    const began = process.hrtime.bigint()
    await Promise.all(Array.from({ length: workers }, async (_, worker) => {
      for (let n = 0; n < each; n++) await flexible.consume(keys[(worker * each + n) % 1000]).catch(() => {})
    }))
    if (round === 'measured') report('rate_limiter_flexible_redis_ns', began, workers * each)
  }
  client.disconnect()
}

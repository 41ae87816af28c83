// Which packages of a lockfile which advisories affect, found the slow way: every package against every record, by the
// evaluation that the OSV schema describes, with node-semver. Shares no code and no idea with what it judges.
//
//   node match.mjs ADVISORIES.jsonl LOCKFILE     prints `name version record`, sorted
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import semver from 'semver'
import yarn from '@yarnpkg/lockfile'
import yaml from 'js-yaml'
import JSON5 from 'json5'

const [advisories, lockfile] = process.argv.slice(2)
const text = readFileSync(lockfile, 'utf8')

const splitAt = spec => { const at = spec.indexOf('@', 1); return [spec.slice(0, at), spec.slice(at + 1)] }

function packages () {
  const found = []
  const add = (name, version) => found.push([name, version])
  switch (basename(lockfile)) {
    case 'package-lock.json':
    case 'npm-shrinkwrap.json': {
      const lock = JSON.parse(text)
      if (lock.packages) {
        for (const [folder, entry] of Object.entries(lock.packages)) {
          const name = entry.name ?? folder.split('node_modules/').pop()
          if (folder.includes('node_modules/') && !entry.link) add(name, entry.version)
        }
      } else {
        const walk = entries => {
          for (const [name, entry] of Object.entries(entries ?? {})) {
            if (entry.version.startsWith('npm:')) add(...splitAt(entry.version.slice(4)))
            else add(name, entry.version)
            walk(entry.dependencies)
          }
        }
        walk(lock.dependencies)
      }
      break
    }
    case 'yarn.lock':
      if (text.includes('__metadata:')) {
        for (const [key, entry] of Object.entries(yaml.load(text))) {
          if (key !== '__metadata' && !entry.resolution.includes('@workspace:')) add(splitAt(entry.resolution)[0], entry.version)
        }
      } else {
        for (const [key, entry] of Object.entries(yarn.parse(text).object)) {
          const [name, range] = splitAt(key)
          add(range.startsWith('npm:') ? splitAt(range.slice(4))[0] : name, entry.version)
        }
      }
      break
    case 'pnpm-lock.yaml':
      for (const [key, entry] of Object.entries(yaml.load(text).packages)) {
        const [name, version] = splitAt(key.replace(/^\//, '').replace(/\(.*/, ''))
        add(entry.name ?? name, entry.version ?? version)
      }
      break
    case 'bun.lock':
      for (const [spec] of Object.values(JSON5.parse(text).packages)) {
        const [name, version] = splitAt(spec)
        if (!version.startsWith('workspace:')) add(name, version)
      }
      break
    default:
      throw new Error(`no lockfile: ${lockfile}`)
  }
  return found
}

// https://ossf.github.io/osv-schema/#evaluation
const full = version => {
  const [, numbers, rest] = /^v?([0-9.]+)(.*)$/.exec(version)
  return [...numbers.split('.'), '0', '0'].slice(0, Math.max(3, numbers.split('.').length)).join('.') + rest
}
const compare = (a, b) => a === '0' && b === '0' ? 0 : b === '0' ? 1 : a === '0' ? -1 : semver.compare(full(a), full(b))
const order = { fixed: 0, limit: 0, introduced: 1, last_affected: 2 }

function inRange (range, version) {
  if (range.type === 'GIT') return false
  const events = range.events.map(event => Object.entries(event)[0])
  events.sort(([k, a], [l, b]) => compare(a, b) || order[k] - order[l])
  const limits = events.filter(([kind]) => kind === 'limit')
  if (limits.length && !limits.some(([, limit]) => compare(version, limit) < 0)) return false
  let vulnerable = false
  for (const [kind, at] of events) {
    if (kind === 'introduced' && compare(version, at) >= 0) vulnerable = true
    if (kind === 'fixed' && compare(version, at) >= 0) vulnerable = false
    if (kind === 'last_affected' && compare(version, at) > 0) vulnerable = false
  }
  return vulnerable
}

const isAffected = (affected, version) =>
  (affected.versions ?? []).some(listed => listed === version || (semver.valid(listed) && semver.eq(listed, version))) ||
  (affected.ranges ?? []).some(range => inRange(range, version))

const records = readFileSync(advisories, 'utf8').split('\n').filter(Boolean).map(line => JSON.parse(line)).filter(record => !record.withdrawn)
const lines = new Set()
for (const [name, version] of packages()) {
  if (!semver.valid(version)) continue
  for (const record of records) {
    for (const affected of record.affected) {
      if (affected.package.ecosystem === 'npm' && affected.package.name === name && isAffected(affected, version)) {
        lines.add(`${name} ${version} ${record.id}`)
      }
    }
  }
}
process.stdout.write([...lines].sort().map(line => line + '\n').join(''))

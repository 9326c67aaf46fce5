// Writes dist/sw.js, which keeps the page itself (never an answer of the API) on the phone for the next visit.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'

const dist = new URL('../dist/', import.meta.url)
const page = readFileSync(new URL('index.html', dist), 'utf8')
const assets = readdirSync(new URL('assets/', dist)).map((name) => `/assets/${name}`)
const first = assets.filter((path) => page.includes(path))
const version = createHash('sha256').update(page + assets.join()).digest('hex').slice(0, 12)
const source = readFileSync(new URL('worker.js', import.meta.url), 'utf8')
writeFileSync(
  new URL('sw.js', dist),
  source.replace("'VERSION'", JSON.stringify(version)).replace("['FIRST']", JSON.stringify(['/', '/icon.svg', ...first])),
)

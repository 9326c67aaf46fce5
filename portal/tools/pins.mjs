// Writes public/pins/<first two digits>.json from the project's own list of PIN codes: {"741101": [lat, long, district, state]}.
// With it a search that finds nothing can say what is near. A phone loads one small file, and only then.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'

const folder = new URL('../public/pins/', import.meta.url)
const rows = readFileSync(new URL('../../data/pincodes.csv', import.meta.url), 'utf8').trim().split('\n').slice(1)
const states = {}
for (const row of readFileSync(new URL('../../data/districts.csv', import.meta.url), 'utf8').trim().split('\n').slice(1)) {
  const [state, , district] = row.split(',')
  states[district] = Number(state)
}
const files = {}
for (const row of rows) {
  // A post office's name may hold a comma, so latitude and longitude are counted from the end.
  const cells = row.split(',')
  const [pin, district, lat, long] = [cells[0], cells[1], cells.at(-2), cells.at(-1)]
  const file = (files[pin.slice(0, 2)] ??= {})
  if (lat && long) file[pin] = [round(lat), round(long), Number(district), states[district]]
}
rmSync(folder, { recursive: true, force: true })
mkdirSync(folder, { recursive: true })
for (const [name, file] of Object.entries(files)) writeFileSync(new URL(`${name}.json`, folder), JSON.stringify(file))

function round(degrees) {
  return Math.round(Number(degrees) * 100) / 100 // a kilometre
}

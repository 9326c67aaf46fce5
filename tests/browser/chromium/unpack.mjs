// Unpacks all that the package carries into the folder that TMPDIR names: a browser, its libraries, a renderer.
import { readdir } from 'node:fs/promises'
import { inflate } from '@sparticuz/chromium'

const packed = 'node_modules/@sparticuz/chromium/bin'
for (const name of await readdir(packed)) await inflate(`${packed}/${name}`)

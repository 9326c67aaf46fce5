import { defineConfig } from 'vitest/config'
import type { Reporter } from 'vitest/node'

/** A test that is skipped has failed, as in ../tests/unskipped.py. With -t skipped is what was not selected. */
const unskipped: Reporter = {
  onTestCaseResult(test) {
    if (test.result().state === 'skipped' && !test.project.globalConfig.testNamePattern)
      throw new Error(`${test.fullName}: skipped`)
  },
}

export default defineConfig({
  build: {
    target: ['chrome80', 'firefox78', 'safari13.1'], // phones of 2015 with a browser that still gets updates, and older
    assetsInlineLimit: 0, // no data: addresses, which the security policy would have to allow
    modulePreload: { polyfill: false },
  },
  server: { proxy: { '/api': 'http://localhost:8080', '/dev': 'http://localhost:8080' } },
  test: { environment: 'happy-dom', include: ['src/**/*.test.{ts,tsx}'], allowOnly: false, reporters: ['default', unskipped] },
})

import { defineConfig } from 'vitest/config'

export default defineConfig({
  build: {
    target: ['chrome80', 'firefox78', 'safari13.1'], // phones of 2015 with a browser that still gets updates, and older
    assetsInlineLimit: 0, // no data: addresses, which the security policy would have to allow
    modulePreload: { polyfill: false },
  },
  server: { proxy: { '/api': 'http://localhost:8080', '/dev': 'http://localhost:8080' } },
  test: { environment: 'happy-dom', include: ['src/**/*.test.{ts,tsx}'] },
})

// The page, its script and the languages that were used are kept, so that a second visit needs no network to begin.
// Answers of the API are never touched: they name people, and they age.
const CACHE = 'tika-' + 'VERSION'
const FIRST = ['FIRST']

self.addEventListener('install', (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(FIRST)))
})

self.addEventListener('activate', (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter((name) => name !== CACHE).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  )
})

self.addEventListener('fetch', (event) => {
  const url = new URL(event.request.url)
  if (event.request.method !== 'GET' || url.origin !== self.location.origin) return
  if (url.pathname.startsWith('/api/') || url.pathname.startsWith('/dev/')) return
  if (event.request.mode === 'navigate') {
    // Every address is the same page, and one whose language or search changes keeps nothing personal in this cache.
    event.respondWith(caches.match('/').then((kept) => kept || fetch(event.request)))
  } else if (url.pathname.startsWith('/assets/') || url.pathname === '/icon.svg') {
    event.respondWith(caches.match(event.request).then((kept) => kept || fetchAndKeep(event.request)))
  }
})

async function fetchAndKeep(request) {
  const answer = await fetch(request)
  if (answer.ok) {
    const cache = await caches.open(CACHE)
    await cache.put(request, answer.clone())
  }
  return answer
}

import { render } from 'preact'
import { App } from './app'
import { preferred, speak } from './i18n'
import './style.css'

void speak(preferred()).then(() => {
  const root = document.getElementById('app')
  if (root) render(<App />, root)
})

if (import.meta.env.PROD && 'serviceWorker' in navigator) {
  // After everything else: the first visit must not wait for the second.
  addEventListener('load', () => void navigator.serviceWorker.register('/sw.js').catch(() => undefined))
}

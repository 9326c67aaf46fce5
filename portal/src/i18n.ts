import english from './lang/en.json'
import { Store } from './store'

export type Key = Exclude<keyof typeof english, `~${string}`>
type Catalogue = Record<string, string>

/** Each language by its own name. */
export const LANGUAGES: Record<string, string> = {
  en: 'English',
  as: 'অসমীয়া',
  bn: 'বাংলা',
  gu: 'ગુજરાતી',
  hi: 'हिन्दी',
  kn: 'ಕನ್ನಡ',
  ml: 'മലയാളം',
  mr: 'मराठी',
  or: 'ଓଡ଼ିଆ',
  pa: 'ਪੰਜਾਬੀ',
  ta: 'தமிழ்',
  te: 'తెలుగు',
}

const files = import.meta.glob<{ default: Catalogue }>(['./lang/*.json', '!./lang/en.json'])
const KEPT = 'tika.language'

interface Spoken {
  language: string
  words: Catalogue
}

export const spoken = new Store<Spoken>({ language: 'en', words: english })

export const language = (): string => spoken.get().language

/** The words of `key`, with {names} filled in. */
export function t(key: Key, values: Record<string, string | number> = {}): string {
  const words = spoken.get().words[key] ?? english[key]
  return words.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole))
}

/** A list that only languages have whose dates the browser may not know: see format.ts. */
export const own = (key: string): string | undefined => spoken.get().words[`~${key}`]

/** What was chosen before, or else the first of the browser's languages that there is. */
export function preferred(wanted: readonly string[] = navigator.languages): string {
  let chosen: string | null = null
  try {
    chosen = localStorage.getItem(KEPT)
  } catch {
    // Forbidden: guess again at every visit.
  }
  const known = [chosen ?? '', ...wanted].map((name) => name.slice(0, 2).toLowerCase())
  return known.find((name) => name in LANGUAGES) ?? 'en'
}

/** Speak `name` from now on; stays with the present language if its words cannot be loaded. */
export async function speak(name: string, { remember = false } = {}): Promise<boolean> {
  if (name !== 'en') {
    const load = files[`./lang/${name}.json`]
    if (!load) return false
    try {
      spoken.set({ language: name, words: (await load()).default })
    } catch {
      return false
    }
  } else {
    spoken.set({ language: 'en', words: english })
  }
  document.documentElement.lang = name
  if (remember) {
    try {
      localStorage.setItem(KEPT, name)
    } catch {
      // Asked again next time.
    }
  }
  return true
}

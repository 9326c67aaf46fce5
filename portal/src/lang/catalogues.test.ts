import { expect, test } from 'vitest'
import { LANGUAGES } from '../i18n'
import english from './en.json'

const catalogues = import.meta.glob<Record<string, string>>('./*.json', { eager: true, import: 'default' })
const sources = Object.values(
  import.meta.glob<string>(['../**/*.{ts,tsx}', '!../**/*.test.ts'], { eager: true, query: '?raw', import: 'default' }),
)

const english_ = english as Record<string, string>
const keys = Object.keys(english)
const others = Object.keys(LANGUAGES).filter((language) => language !== 'en')
// What names dates and spans where the browser does not know the language: see format.ts.
const OWN = ['~ago', '~days', '~days.short', '~kilometer', '~minute', '~months', '~second']
const WITH_OWN = ['as', 'or', 'pa']
const OPTIONAL = '~days.short' // where the browser's own short names are too long for a phone

// What is written with Latin letters in every language.
const LATIN = /\{\w+\}/g
// The block of each script; Assamese is written with Bengali letters, Marathi with those of Hindi.
const SCRIPT: Record<string, RegExp> = {
  as: /[\u0980-\u09ff]/,
  bn: /[\u0980-\u09ff]/,
  gu: /[\u0a80-\u0aff]/,
  hi: /[\u0900-\u097f]/,
  kn: /[\u0c80-\u0cff]/,
  ml: /[\u0d00-\u0d7f]/,
  mr: /[\u0900-\u097f]/,
  or: /[\u0b00-\u0b7f]/,
  pa: /[\u0a00-\u0a7f]/,
  ta: /[\u0b80-\u0bff]/,
  te: /[\u0c00-\u0c7f]/,
}

const words = (language: string): Record<string, string> => catalogues[`./${language}.json`] ?? {}
const holes = (text: string): string[] => (text.match(LATIN) ?? []).sort()

test('there is a catalogue for each language, and no other', () => {
  expect(Object.keys(catalogues).sort()).toEqual(Object.keys(LANGUAGES).map((language) => `./${language}.json`).sort())
})

test.each(others)('%s has every key, and none too many', (language) => {
  const wanted = WITH_OWN.includes(language) ? [...keys, ...OWN] : keys
  const has = Object.keys(words(language)).filter((key) => wanted.includes(key) || key !== OPTIONAL)
  expect(has.sort()).toEqual([...wanted].sort())
})

test.each(others)('%s is translated: in its own script, without English left over', (language) => {
  const left = Object.entries(words(language)).filter(([, text]) => {
    const plain = text.replace(LATIN, '')
    return !SCRIPT[language]?.test(plain) || /[A-Za-z]/.test(plain)
  })
  expect(left).toEqual([])
})

test.each(others)('%s fills in what English fills in', (language) => {
  const wrong = keys.filter((key) => holes(words(language)[key] ?? '').join() !== holes(english_[key] ?? '').join())
  expect(wrong).toEqual([])
})

test.each(others)('%s writes numbers with the digits that its dates and counts have', (language) => {
  const ours = new Intl.NumberFormat(`${language}-IN`, { useGrouping: false }).format(9876543210)
  const strange = Object.entries(words(language)).filter(([, text]) => [...(text.match(/\p{Nd}/gu) ?? [])].some((digit) => !ours.includes(digit)))
  expect(strange).toEqual([])
})

test.each(others)('%s says no two different things alike by mistake', (language) => {
  const told = words(language)
  const pairs = keys.filter((key, i) => keys.slice(0, i).some((other) => told[other] === told[key] && english_[other] !== english_[key]))
  // Words that are one word in some languages: "Working" and the like. More than a few would be a slip of lines.
  expect(pairs.length).toBeLessThan(6)
})

test.each(WITH_OWN)('%s names seven days and twelve months', (language) => {
  const count = (key: string) => words(language)[key]?.split(' ').length
  expect([count('~days'), count('~days.short'), count('~months')]).toEqual([7, 7, 12])
})

test('every key is used somewhere', () => {
  const all = sources.join('\n')
  const unused = keys.filter((key) => !all.includes(`'${key}'`) && !all.includes(`"${key}"`) && !key.startsWith('status.') && !key.startsWith('dose.'))
  expect(unused).toEqual([])
})

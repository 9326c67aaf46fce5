/** Dates, times and numbers as the language writes them. India has one time zone, whatever the phone's is. */
import { language, own } from './i18n'

const ZONE = 'Asia/Kolkata'
const DAY_MS = 86_400_000

const kept = new Map<string, unknown>()

function once<T>(name: string, make: (tag: string) => T): T {
  const key = `${language()} ${name}`
  if (!kept.has(key)) kept.set(key, make(tag()))
  return kept.get(key) as T
}

/** Some browsers know no Assamese, Odia or Punjabi: then English forms are used with this language's own names. */
function tag(): string {
  const wanted = `${language()}-IN`
  if (knows(wanted)) return wanted
  return language() === 'as' ? 'en-IN-u-nu-beng' : 'en-IN' // Assamese is written with the digits of Bengali
}

/** Asked for a month, since some browsers call a language supported and then write "M11" for November. */
function knows(wanted: string): boolean {
  const key = `knows ${wanted}`
  if (!kept.has(key)) {
    const november = new Intl.DateTimeFormat(wanted, { month: 'long' }).format(new Date(2021, 10, 15))
    kept.set(key, wanted === 'en-IN' || !/[a-z0-9]/i.test(november))
  }
  return kept.get(key) as boolean
}

const isBorrowed = (): boolean => tag() !== `${language()}-IN`

// --- days: DD-MM-YYYY, as the API writes them --------------------------------------------------------------------------

/** Noon of a day in UTC, so that no time zone makes it another day. */
function instant(day: string): Date {
  const [d, m, y] = day.split('-').map(Number)
  return new Date(Date.UTC(y ?? 1970, (m ?? 1) - 1, d ?? 1, 12))
}

function written(date: Date): string {
  const two = (n: number) => String(n).padStart(2, '0')
  return `${two(date.getUTCDate())}-${two(date.getUTCMonth() + 1)}-${date.getUTCFullYear()}`
}

export const today = (): string => written(new Date(Date.now() + 5.5 * 3_600_000))

export const addDays = (day: string, days: number): string => written(new Date(instant(day).getTime() + days * DAY_MS))

export const isDay = (text: string): boolean => /^\d\d-\d\d-\d{4}$/.test(text) && written(instant(text)) === text

/** Less than 0 where `a` is before `b`. */
export const compareDays = (a: string, b: string): number => instant(a).getTime() - instant(b).getTime()

export function week(from: string): string[] {
  return Array.from({ length: 7 }, (_, i) => addDays(from, i))
}

function named(date: Date, options: Intl.DateTimeFormatOptions, name: string): string {
  const format = once(name, (tag) => new Intl.DateTimeFormat(tag, { ...options, timeZone: 'UTC' }))
  const [days, months] = [own('days'), own('months')]
  if (!isBorrowed() || !days || !months) return format.format(date)
  return format
    .formatToParts(date)
    .map((part) => {
      if (part.type === 'weekday') return days.split(' ')[date.getUTCDay()]
      if (part.type === 'month') return months.split(' ')[date.getUTCMonth()]
      return part.value
    })
    .join('')
}

/** "Monday, 31 May" */
export const longDay = (day: string): string =>
  named(instant(day), { weekday: 'long', day: 'numeric', month: 'long' }, 'long')

export const fullDay = (day: string): string =>
  named(instant(day), { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' }, 'full')

export const shortDay = (day: string): string => named(instant(day), { day: 'numeric', month: 'short' }, 'short')

/** As short as fits a seventh of a phone's width, which the browser's own short forms do not in every language. */
export const weekday = (day: string): string =>
  own('days.short')?.split(' ')[instant(day).getUTCDay()] ?? named(instant(day), { weekday: 'short' }, 'weekday')

export const dayNumber = (day: string): string =>
  once('number', (tag) => new Intl.NumberFormat(tag)).format(instant(day).getUTCDate())

// --- names ------------------------------------------------------------------------------------------------------------

/** In the order in which readers of the language look for them. */
export function inOrder<T>(rows: readonly T[], name: (row: T) => string): T[] {
  const collator = once('order', () => new Intl.Collator([`${language()}-IN`, 'en-IN']))
  return [...rows].sort((a, b) => collator.compare(name(a), name(b)))
}

// --- times ------------------------------------------------------------------------------------------------------------

const clock = () =>
  once('clock', (tag) => new Intl.DateTimeFormat(tag, { hour: 'numeric', minute: '2-digit', timeZone: ZONE }))

export const timeOf = (instant: Date): string => clock().format(instant)

export function dayOf(at: Date): string {
  return fullDay(written(new Date(at.getTime() + 5.5 * 3_600_000)))
}

/** "09:00AM-11:00AM" as people read it. */
export function slotTime(slot: string): string {
  const ends = slot.split('-').map((part) => {
    const found = /^(\d\d):(\d\d)(AM|PM)$/.exec(part)
    if (!found) return part
    const minutes = ((Number(found[1]) % 12) + (found[3] === 'PM' ? 12 : 0)) * 60 + Number(found[2])
    return timeOf(new Date(Date.UTC(2021, 0, 1) + (minutes - 330) * 60_000))
  })
  return ends.join(' – ')
}

// --- numbers ----------------------------------------------------------------------------------------------------------

export const number = (n: number): string => once('number', (tag) => new Intl.NumberFormat(tag)).format(n)

/** A year has no separators. */
export const year = (n: number): string =>
  once('year', (tag) => new Intl.NumberFormat(tag, { useGrouping: false })).format(n)

export const rupees = (n: number): string =>
  once('rupees', (tag) => {
    return new Intl.NumberFormat(tag, { style: 'currency', currency: 'INR', maximumFractionDigits: 0 })
  }).format(n)

function unit(n: number, name: 'second' | 'minute' | 'kilometer'): string {
  const words = own(name)
  if (isBorrowed() && words) return words.replace('{n}', number(n))
  const unitDisplay = name === 'kilometer' ? 'short' : 'long'
  return once(name, (tag) => new Intl.NumberFormat(tag, { style: 'unit', unit: name, unitDisplay })).format(n)
}

export const km = (n: number): string => unit(Math.max(1, Math.round(n)), 'kilometer')

/** "4 minutes", or seconds below two minutes. */
export function span(seconds: number): string {
  return seconds < 120 ? unit(Math.max(0, Math.round(seconds)), 'second') : unit(Math.round(seconds / 60), 'minute')
}

/** "12 seconds ago" */
export function ago(seconds: number): string {
  const words = own('ago')
  if (isBorrowed() && words) return words.replace('{span}', span(seconds))
  const format = once('ago', (tag) => new Intl.RelativeTimeFormat(tag))
  return seconds < 120
    ? format.format(-Math.max(0, Math.round(seconds)), 'second')
    : format.format(-Math.round(seconds / 60), 'minute')
}

/** "4:05", in the language's digits. */
export function countdown(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds))
  const two = once('two', (tag) => new Intl.NumberFormat(tag, { minimumIntegerDigits: 2 }))
  return `${number(Math.floor(whole / 60))}:${two.format(whole % 60)}`
}

/** What a search found, as the page shows it: per centre and kind of vaccination, seven days. */
import type { Center, Offer } from './api'

export interface Filter {
  age: '' | '18' | '45'
  vaccine: string
  fee: '' | 'Free' | 'Paid'
  dose: '' | '1' | '2'
  free: boolean
}

export const NO_FILTER: Filter = { age: '', vaccine: '', fee: '', dose: '', free: false }

export const isFiltered = (filter: Filter): boolean =>
  Boolean(filter.age || filter.vaccine || filter.fee || filter.dose || filter.free)

export function filterOf(query: URLSearchParams): Filter {
  const one = <T extends string>(name: string, allowed: readonly T[]): T | '' => {
    const value = query.get(name) as T | null
    return value !== null && allowed.includes(value) ? value : ''
  }
  return {
    age: one('age', ['18', '45']),
    vaccine: (query.get('vaccine') ?? '').slice(0, 40),
    fee: one('fee', ['Free', 'Paid']),
    dose: one('dose', ['1', '2']),
    free: query.get('free') === '1',
  }
}

export interface Cell {
  day: string
  /** null: no vaccination on this day */
  offer: Offer | null
  free: number
}

/** One kind of vaccination at a centre. */
export interface Row {
  vaccine: string
  minAge: number
  maxAge: number | null
  fee: string | null
  cells: Cell[]
  free: number
}

export interface Listed {
  center: Center
  rows: Row[]
  free: number
}

const OLDER = 45

export function freeOf(offer: Offer, dose: string): number {
  if (dose === '1') return offer.available_capacity_dose1
  if (dose === '2') return offer.available_capacity_dose2
  return offer.available_capacity
}

function admits(offer: Offer, age: Filter['age']): boolean {
  if (age === '18') return offer.min_age_limit < OLDER
  if (age === '45') return offer.max_age_limit === undefined || offer.max_age_limit >= OLDER
  return true
}

/** Centres with what fits the filter on `days`; those with free places first, else in the order they came. */
export function list(centers: Center[], filter: Filter, days: string[]): Listed[] {
  const listed = centers
    .map((center) => ({ center, rows: rowsOf(center, filter, days) }))
    .map(({ center, rows }) => ({ center, rows, free: sum(rows.map((row) => row.free)) }))
    .filter(({ rows, free }) => rows.length > 0 && (!filter.free || free > 0))
  return [...listed.filter(({ free }) => free > 0), ...listed.filter(({ free }) => free === 0)]
}

function rowsOf(center: Center, filter: Filter, days: string[]): Row[] {
  const rows = new Map<string, Row>()
  for (const offer of center.sessions) {
    const fee = center.vaccine_fees?.find((fee) => fee.vaccine === offer.vaccine)?.fee ?? null
    if (!days.includes(offer.date) || !admits(offer, filter.age)) continue
    if (filter.vaccine && offer.vaccine !== filter.vaccine) continue
    if (filter.fee && (fee === null ? 'Free' : 'Paid') !== filter.fee) continue
    const maxAge = offer.max_age_limit ?? null
    const key = [offer.vaccine, offer.min_age_limit, maxAge].join()
    let row = rows.get(key)
    if (!row) {
      const cells = days.map((day) => ({ day, offer: null, free: 0 }))
      row = { vaccine: offer.vaccine, minAge: offer.min_age_limit, maxAge, fee, cells, free: 0 }
      rows.set(key, row)
    }
    const free = freeOf(offer, filter.dose)
    const cell = row.cells[days.indexOf(offer.date)]
    // Two sessions of one kind on one day: the one with more free places stands for the day.
    if (cell && (!cell.offer || free > cell.free)) Object.assign(cell, { offer, free })
    row.free += free
  }
  return [...rows.values()].filter((row) => !filter.free || row.free > 0)
}

export const sum = (numbers: number[]): number => numbers.reduce((a, b) => a + b, 0)

export const vaccinesOf = (centers: Center[]): string[] =>
  [...new Set(centers.flatMap((center) => center.sessions.map((offer) => offer.vaccine)))].sort()

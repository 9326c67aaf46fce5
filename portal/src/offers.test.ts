import { expect, test } from 'vitest'
import type { Center, Offer } from './api'
import { NO_FILTER, filterOf, list } from './offers'

const MONDAY = '03-05-2021'
const TUESDAY = '04-05-2021'

const offer = (changes: Partial<Offer> = {}): Offer => ({
  session_id: 's',
  date: MONDAY,
  available_capacity: 5,
  available_capacity_dose1: 5,
  available_capacity_dose2: 0,
  min_age_limit: 18,
  vaccine: 'COVISHIELD',
  slots: ['09:00AM-11:00AM'],
  slot_capacity: [{ slot: '09:00AM-11:00AM', dose1: 5, dose2: 0 }],
  place: [23.2, 88.48],
  ...changes,
})

const center = (id: number, sessions: Offer[], fees?: Center['vaccine_fees']): Center => ({
  center_id: id,
  name: `Centre ${id}`,
  address: '',
  block_name: '',
  district_name: '',
  state_name: '',
  pincode: 741101,
  fee_type: fees ? 'Paid' : 'Free',
  sessions,
  vaccine_fees: fees,
})

const full = { available_capacity: 0, available_capacity_dose1: 0, available_capacity_dose2: 0 }
const days = [MONDAY, TUESDAY]
const ids = (centers: Center[], changes: Partial<typeof NO_FILTER>) =>
  list(centers, { ...NO_FILTER, ...changes }, days).map((one) => one.center.center_id)

test('a day without a session is a cell too', () => {
  const [listed] = list([center(1, [offer()])], NO_FILTER, days)
  expect(listed?.rows[0]?.cells.map((cell) => [cell.day, cell.free, cell.offer?.session_id])).toEqual([
    [MONDAY, 5, 's'],
    [TUESDAY, 0, undefined],
  ])
})

test('centres with free places come first, and the order is kept otherwise', () => {
  const centers = [center(1, [offer(full)]), center(2, [offer()]), center(3, [offer(full)]), center(4, [offer()])]
  expect(ids(centers, {})).toEqual([2, 4, 1, 3])
  expect(ids(centers, { free: true })).toEqual([2, 4])
})

test('places are those of the dose that is asked for', () => {
  const [listed] = list([center(1, [offer()])], { ...NO_FILTER, dose: '2' }, days)
  expect(listed?.free).toBe(0)
})

test('a session for all ages is for both, one with limits for one', () => {
  const centers = [
    center(1, [offer()]),
    center(2, [offer({ min_age_limit: 45 })]),
    center(3, [offer({ max_age_limit: 44 })]),
  ]
  expect(ids(centers, { age: '18' })).toEqual([1, 3])
  expect(ids(centers, { age: '45' })).toEqual([1, 2])
})

test('free and paid are told apart by the vaccine, not only by the centre', () => {
  const fees = [{ vaccine: 'COVAXIN', fee: '1410' }]
  const centers = [center(1, [offer(), offer({ session_id: 't', vaccine: 'COVAXIN' })], fees)]
  expect(list(centers, { ...NO_FILTER, fee: 'Paid' }, days)[0]?.rows.map((row) => row.vaccine)).toEqual(['COVAXIN'])
  expect(list(centers, { ...NO_FILTER, fee: 'Free' }, days)[0]?.rows.map((row) => row.vaccine)).toEqual(['COVISHIELD'])
})

test('a shared link can bring anything, and only what is a filter is taken', () => {
  expect(filterOf(new URLSearchParams('age=99&fee=<b>&dose=1&free=yes'))).toEqual({ ...NO_FILTER, dose: '1' })
})

import { expect, test } from 'vitest'
import type { Offer, Person } from '../api'
import { digitsOnly, latinDigits } from '../ui'
import { hindrance } from './book'
import { check } from './people'
import { local, tenDigits } from './sign-in'

const person = (changes: Partial<Person> = {}): Person => ({
  beneficiary_reference_id: '1',
  name: 'Asha',
  birth_year: '1970',
  gender: 'Female',
  photo_id_type: 'Passport',
  photo_id_number: '********0620',
  vaccination_status: 'Not Vaccinated',
  vaccine: '',
  dose1_date: '',
  dose2_date: '',
  appointments: [],
  ...changes,
})

const offer: Offer = {
  session_id: 's',
  date: '03-05-2021',
  available_capacity: 5,
  available_capacity_dose1: 5,
  available_capacity_dose2: 5,
  min_age_limit: 45,
  vaccine: 'COVISHIELD',
  slots: [],
  slot_capacity: [],
  place: [23.2, 88.48],
}

const once = { vaccination_status: 'Partially Vaccinated', vaccine: 'COVISHIELD' }

test.each([
  [person(), null, null],
  [person({ birth_year: '1976' }), null, null], // 45 in this year
  [person({ birth_year: '1977' }), null, 'book.not.age'],
  [person(once), null, null],
  [person({ ...once, vaccine: 'COVAXIN' }), null, 'book.not.vaccine'],
  [person(once), 1 as const, 'book.not.dose'],
  [person({ vaccination_status: 'Vaccinated' }), null, 'book.not.done'],
])('who may take a place, and why not: %#', (who, dose, reason) => {
  expect(hindrance(who, offer, dose)).toBe(reason)
})

test('somebody who holds this very place may choose it again, but not another', () => {
  const held = { dose: 1, status: 'HELD', session_id: 's' } as Person['appointments'][number]
  expect(hindrance(person({ appointments: [held] }), offer, null)).toBeNull()
  expect(hindrance(person({ appointments: [{ ...held, session_id: 't' }] }), offer, null)).toBe('book.not.appointment')
})

test('digits of any Indian script are digits', () => {
  expect(latinDigits('৭৪১১০১ and ७४११०१')).toBe('741101 and 741101')
  expect(digitsOnly('+91 98-76')).toBe('919876')
})

test.each([
  ['9876543210', '9876543210'],
  ['+91 98765 43210', '9876543210'],
  ['09876543210', '9876543210'],
  ['0091 98765 43210', '9876543210'],
  ['+91 (0) 98765 43210', '9876543210'],
  ['9112345678', '9112345678'],
  ['৯৮৭৬৫৪৩২১০', '9876543210'],
  ['1234567890', null],
  ['987654321', null],
])('a mobile number as people write it: %s', (written, digits) => {
  expect(tenDigits(written)).toBe(digits)
})

test('nobody is sent to another site by a link', () => {
  expect(local('/book?x=1')).toBe('/book?x=1')
  expect(['//evil.example', '/\\evil.example', 'https://evil.example', '', null].map(local)).toEqual(Array(5).fill(null))
})

test('all that is missing in a form is said at once', () => {
  const nothing = { name: ' ', birth_year: '85', gender_id: '', photo_id_type: '', photo_id_number: '', ill: false, consent: false }
  expect(Object.keys(check(nothing)).sort()).toEqual(
    ['birth_year', 'consent', 'gender_id', 'name', 'photo_id_number', 'photo_id_type'],
  )
})

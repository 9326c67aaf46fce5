import { beforeEach, expect, test } from 'vitest'
import { addDays, compareDays, countdown, inOrder, isDay, slotTime, week } from './format'
import { speak } from './i18n'

beforeEach(() => speak('en'))

test('days go over the ends of months and years', () => {
  expect(addDays('31-12-2021', 1)).toBe('01-01-2022')
  expect(week('26-02-2024')[6]).toBe('03-03-2024')
})

test('a day that does not exist is none', () => {
  expect(['31-02-2021', '1-2-2021', '', '99-99-9999'].map(isDay)).toEqual([false, false, false, false])
  expect(isDay('28-02-2021')).toBe(true)
})

test('days are compared as days, not as text', () => {
  expect(compareDays('01-12-2021', '30-11-2021')).toBeGreaterThan(0)
})

test('noon and midnight are told apart', () => {
  expect(slotTime('11:00AM-12:30PM').toLowerCase()).toBe('11:00 am – 12:30 pm')
  expect(slotTime('12:00AM-01:00AM').toLowerCase()).toBe('12:00 am – 1:00 am')
})

test('what is no slot is shown as it is', () => {
  expect(slotTime('FORENOON')).toBe('FORENOON')
})

test('a countdown shows whole seconds and never less than none', () => {
  expect([300, 59.2, 0, -5].map(countdown)).toEqual(['5:00', '1:00', '0:00', '0:00'])
})

test('names stand in the order of the language', async () => {
  const named = (names: string[]) => inOrder(names, (name) => name)
  const districts = ['হুগলি', 'North 24 Parganas', 'মালদহ', 'কলকাতা', 'উত্তর ২৪ পরগণা', 'আলিপুরদুয়ার']
  await speak('bn')
  expect(named(districts)).toEqual(['আলিপুরদুয়ার', 'উত্তর ২৪ পরগণা', 'কলকাতা', 'মালদহ', 'হুগলি', 'North 24 Parganas'])
  await speak('en')
  expect(named(['Pune', 'Akola', 'COOCHBEHAR', 'Balod'])).toEqual(['Akola', 'Balod', 'COOCHBEHAR', 'Pune'])
})

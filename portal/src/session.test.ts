import { beforeEach, expect, test, vi } from 'vitest'
import { expiry, session, signIn, signInEnded, signOut } from './session'
import { tab } from './store'

const token = (iat: number) => `x.${btoa(JSON.stringify({ iat, exp: iat + 900 }))}.y`

beforeEach(() => signOut())

test('a token lives as long as it says from when this phone first saw it, whatever its clock', () => {
  vi.useFakeTimers({ now: 0 })
  expect(expiry(token(1_619_600_000))).toBe(900_000)
  vi.setSystemTime(60_000)
  expect(expiry(token(1_619_600_000))).toBe(900_000)
  vi.useRealTimers()
})

test('what is no token has ended already', () => {
  expect(['', 'a.b.c', 'x.e30.y'].map(expiry)).toEqual([0, 0, 0])
})

test('a sign-in that ends keeps what was typed; signing out keeps nothing', () => {
  signIn(token(2))
  tab.write('draft.person', { name: 'Asha' })
  signInEnded()
  expect(session.get()).toMatchObject({ token: null, ended: true })
  expect(tab.read('draft.person')).toEqual({ name: 'Asha' })
  signOut()
  expect(Object.keys(sessionStorage)).toEqual([])
})

import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Problem, call, myPeople, problemOf } from './api'
import { session, signIn } from './session'

const token = `x.${btoa(JSON.stringify({ iat: 1, exp: 901 }))}.y`

function answering(status: number, body: string, headers: Record<string, string> = {}) {
  const asked = vi.fn(async (_path: string, _request: RequestInit) => new Response(body || null, { status, headers }))
  vi.stubGlobal('fetch', asked)
  return asked
}

beforeEach(() => signIn(token))
afterEach(() => vi.unstubAllGlobals())

test('a code of the contract is said in our words', () => {
  expect(problemOf(409, '{"errorCode":"APPOIN0040","error":"..."}', null).key).toBe('err.full')
})

test('a field that is wrong is named', () => {
  const problem = problemOf(400, '{"errorCode":"USRRES0001","error":"photo_id_number: this is not a number"}', null)
  expect([problem.key, problem.field]).toEqual(['err.id', 'photo_id_number'])
})

test('overload says when to come back, also where the answer did not', () => {
  expect(problemOf(503, '{"errorCode":"TIKA0007","error":""}', '7').retryAfter).toBe(7)
  expect(problemOf(429, '<html>', null)).toMatchObject({ key: 'err.busy', retryAfter: 5 })
})

test('a code that was just sent is known by its plain text', () => {
  expect(problemOf(400, 'OTP Already Sent', '41')).toMatchObject({ key: 'err.sent', retryAfter: 41 })
})

test('what nobody foresaw is our fault or theirs by its status', () => {
  expect(problemOf(500, '', null).key).toBe('err.server')
  expect(problemOf(418, '', null).key).toBe('err.invalid')
})

test('a refused token ends the sign-in and says so', async () => {
  answering(401, 'Unauthenticated access!')
  await expect(call('/appointment/beneficiaries', { signedIn: true })).rejects.toMatchObject({ key: 'sign.ended' })
  expect(session.get()).toMatchObject({ token: null, ended: true })
})

test('no connection is not an answer', async () => {
  vi.stubGlobal('fetch', async () => {
    throw new TypeError('failed')
  })
  await expect(call('/status')).rejects.toMatchObject({ key: 'err.offline' })
})

test('only what needs the token gets it, and such answers are kept nowhere', async () => {
  const asked = answering(200, '{}')
  await call('/status')
  await call('/appointment/beneficiaries', { signedIn: true })
  const [open, closed] = asked.mock.calls.map(([, request]) => request)
  expect(open?.headers).not.toHaveProperty('Authorization')
  expect(closed).toMatchObject({ cache: 'no-store', headers: { Authorization: `Bearer ${token}` } })
})

test('nobody registered is an empty list', async () => {
  answering(400, '{"errorCode":"APPOIN0001","error":"No beneficiary"}')
  expect(await myPeople()).toEqual([])
})

test('an answer without a body is nothing, and no error', async () => {
  answering(204, '')
  expect(await call('/appointment/cancel', { body: {}, signedIn: true })).toBeNull()
})

test('a problem is an error, so that it can be thrown', () => {
  expect(new Problem('err.busy', 503)).toBeInstanceOf(Error)
})

import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Problem, call, counted, download, myPeople, problemOf, sendCode, serverNow } from './api'
import { LANGUAGES, speak, t } from './i18n'
import { session, signIn } from './session'

const token = `x.${btoa(JSON.stringify({ iat: 1, exp: 901 }))}.y`

function answering(status: number, body: string, headers: Record<string, string> = {}) {
  const asked = vi.fn(async (_path: string, _request: RequestInit) => new Response(body || null, { status, headers }))
  vi.stubGlobal('fetch', asked)
  return asked
}

beforeEach(() => {
  vi.useFakeTimers()
  sessionStorage.clear()
  signIn(token)
})
afterEach(async () => {
  await speak('en')
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
  vi.useRealTimers()
})

test('a code of the contract is said in our words', () => {
  expect(problemOf(409, '{"errorCode":"APPOIN0040","error":"..."}', null).key).toBe('err.full')
})

test('a field that is wrong is named', () => {
  const problem = problemOf(400, '{"errorCode":"USRRES0001","error":"photo_id_number: this is not a number"}', null)
  expect([problem.key, problem.field]).toEqual(['err.id', 'photo_id_number'])
})

test('what we have no words for is told in the API\u2019s, in the language in which it was asked', async () => {
  const body = '{"errorCode":"TIKA0020","error":"A dose is recorded.","error_l":"खुराक लग चुकी है।"}'
  await speak('hi')
  const problem = problemOf(400, body, null)
  expect(problem.words).toBe('खुराक लग चुकी है।')
  const ours = problemOf(400, body.replace('TIKA0020', 'TIKA0011'), null)
  const gateway = problemOf(404, '{"errorCode":"TIKA0017","error":"There is nothing here.","error_l":""}', null)
  expect([ours.words, gateway.words]).toEqual([t('err.begun'), t('err.invalid')])
  await speak('ta')
  expect(problem.words).toBe(t('err.invalid'))
})

test.each(Object.keys(LANGUAGES))('every call says that it wants %s, also what writes', async (name) => {
  const asked = answering(200, '{}')
  await speak(name)
  await call('/status')
  await call('/appointment/hold', { body: {}, signedIn: true })
  await sendCode('9876543210')
  await counted('/appointment/sessions/public/calendarByPin')
  await download('/appointment/appointmentslip/download')
  const wanted = asked.mock.calls.map(([, request]) => (request.headers as Record<string, string>)['Accept-Language'])
  expect(wanted).toEqual(Array(5).fill(name))
})

test.each([
  [503, '8', 0, 8],
  [503, '8', 1, 10],
  [429, '1', 1, 2],
  [429, null, 0, 5],
  [504, null, 0, 5],
])('%i that says %s is waited for as told or a little longer, so that not all come back at once', (status, header, chance, wait) => {
  vi.spyOn(Math, 'random').mockReturnValue(chance)
  const problem = problemOf(status, '<html>', header)
  expect([problem.retryAfter, problem.until]).toEqual([wait, Date.now() + wait * 1000])
})

test('what is overloaded is not asked again before its time, from whatever view', async () => {
  vi.spyOn(Math, 'random').mockReturnValue(0)
  const asked = answering(503, '{"errorCode":"TIKA0007","error":""}', { 'Retry-After': '8' })
  await expect(call('/status')).rejects.toMatchObject({ key: 'err.busy', retryAfter: 8 })
  vi.advanceTimersByTime(6000)
  await expect(call('/status?again=1')).rejects.toMatchObject({ key: 'err.busy', retryAfter: 2 })
  expect(asked).toHaveBeenCalledTimes(1)
  await expect(call('/admin/location/states')).rejects.toMatchObject({ key: 'err.busy' })
  expect(asked).toHaveBeenCalledTimes(2)
  vi.advanceTimersByTime(2000)
  await expect(call('/status')).rejects.toMatchObject({ retryAfter: 8 })
  expect(asked).toHaveBeenCalledTimes(3)
})

test('a clock that is put back does not make anybody wait for hours', async () => {
  const asked = answering(503, '', { 'Retry-After': '8' })
  await expect(call('/status')).rejects.toMatchObject({ key: 'err.busy' })
  vi.setSystemTime(Date.now() - 3_600_000)
  await expect(call('/status')).rejects.toMatchObject({ key: 'err.busy' })
  expect(asked).toHaveBeenCalledTimes(2)
})

test('the time of the service is this phone\u2019s, unless an answer shows that its clock is wrong', async () => {
  const toDate = (ms: number) => ({ Date: new Date(Date.now() + ms).toUTCString() })
  vi.setSystemTime(new Date('2021-05-03T06:30:00.400Z'))
  answering(200, '{}', toDate(0))
  await call('/appointment/beneficiaries', { signedIn: true })
  expect(serverNow() - Date.now()).toBe(0)

  answering(200, '{}', toDate(3_600_000)) // an hour slow
  await call('/appointment/beneficiaries', { signedIn: true })
  const ahead = serverNow() - Date.now()
  expect(Math.abs(ahead - 3_600_000)).toBeLessThan(1000)

  // An answer that was twenty seconds on its way says nothing better than what is known.
  const late = toDate(3_600_000)
  vi.stubGlobal('fetch', async () => {
    vi.advanceTimersByTime(20_000)
    return new Response('{}', { headers: late })
  })
  await call('/appointment/beneficiaries', { signedIn: true })
  expect(serverNow() - Date.now()).toBe(ahead)
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

test.each([
  [{ 'X-Expected-Wait': '45' }, 45],
  [{}, 0],
])('a text whose answer says %o waits %i seconds for its turn', async (headers, waitS) => {
  answering(200, '{"txnId":"1"}', headers as Record<string, string>)
  expect(await sendCode('9876543210')).toEqual({ txnId: '1', waitS })
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

test.each([
  ['06:30:00', null, '06:30:00'],
  ['06:30:00', '06:29:59', '06:30:00'],
  ['06:30:00', '06:45:00', '06:45:00'], // as Safari keeps it where nothing has changed since
  [null, '06:45:00', '06:45:00'],
])('counts of %s in an answer of %s were true at %s', async (modified, date, asOf) => {
  const headers: Record<string, string> = {}
  if (modified) headers['Last-Modified'] = `Mon, 03 May 2021 ${modified} GMT`
  if (date) headers.Date = `Mon, 03 May 2021 ${date} GMT`
  answering(200, '{"centers":[]}', headers)
  expect(await counted('/x')).toEqual({ centers: [], asOf: Date.parse(`2021-05-03T${asOf}Z`) })
})

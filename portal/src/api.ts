import type { Key } from './i18n'
import { language, t } from './i18n'
import { session, signInEnded } from './session'
import { tab } from './store'

const BASE = '/api/v2'
const TIMEOUT_MS = 30_000 // as long as the gateway waits
const DEFAULT_WAIT_S = 5

/** Why a request was refused, as the page says it. */
export class Problem extends Error {
  /** When asking again makes sense, in milliseconds by this phone's clock; 0 where nothing is to be waited for. */
  readonly until: number

  /** The reader's, when this was answered. */
  private readonly language = language()

  /**
   * `retryAfter`: seconds. `field`: the field of the request that is wrong, where the answer names one.
   * `said`: the API's own sentence in the language asked for, where we have none for it.
   */
  constructor(
    readonly key: Key,
    readonly status: number,
    readonly code = '',
    readonly retryAfter: number | null = null,
    readonly field: string | null = null,
    private readonly said = '',
  ) {
    super(key)
    this.until = retryAfter ? Date.now() + retryAfter * 1000 : 0
  }

  /** What to tell the reader, who may have chosen another language since. */
  get words(): string {
    return this.said && this.language === language() ? this.said : t(this.key)
  }
}

const BY_CODE: Record<string, Key> = {
  USRRES0001: 'err.invalid',
  USRAUT0010: 'err.mobile',
  USRAUT0014: 'err.code',
  USRAUT0018: 'err.limit',
  APPOIN0001: 'people.none',
  APPOIN0015: 'err.slot',
  APPOIN0018: 'err.pin',
  APPOIN0022: 'err.already',
  APPOIN0025: 'err.dose',
  APPOIN0040: 'err.full',
  TIKA0001: 'err.lapsed',
  TIKA0002: 'err.notopen',
  TIKA0003: 'err.most',
  TIKA0004: 'err.used',
  TIKA0005: 'err.young',
  TIKA0006: 'err.often',
  TIKA0007: 'err.busy',
  TIKA0008: 'err.gone',
  TIKA0009: 'err.gone',
  TIKA0010: 'err.ages',
  TIKA0011: 'err.begun',
  TIKA0012: 'err.stays',
  TIKA0016: 'err.gone',
}

const BY_FIELD: Record<string, Key> = {
  name: 'err.name',
  birth_year: 'err.year',
  photo_id_number: 'err.id',
  pincode: 'err.pin',
}

/** What an answer that is not a success means. `text` is its body. */
export function problemOf(status: number, text: string, retryAfterHeader: string | null): Problem {
  const retryAfter = retryAfterHeader && /^\d+$/.test(retryAfterHeader) ? Number(retryAfterHeader) : null
  if (status === 401) return new Problem('sign.ended', 401)
  if (text.trim() === 'OTP Already Sent') return new Problem('err.sent', status, 'SENT', retryAfter ?? 60)
  let code = ''
  let sentence = ''
  let told = ''
  try {
    const value = JSON.parse(text)
    code = String(value.errorCode ?? '')
    sentence = String(value.error ?? '')
    told = String(value.error_l ?? '')
  } catch {
    // Not from the API but from something in front of it: the status has to do.
  }
  if (status === 429 || status === 503) {
    return new Problem(BY_CODE[code] ?? 'err.busy', status, code, spread(retryAfter ?? DEFAULT_WAIT_S))
  }
  if (status >= 500) return new Problem(BY_CODE[code] ?? 'err.server', status, code, spread(DEFAULT_WAIT_S))
  const field = /^([a-z_]+): /.exec(sentence)?.[1] ?? null
  const key = (code === 'USRRES0001' && field && BY_FIELD[field]) || BY_CODE[code] || 'err.invalid'
  return new Problem(key, status, code, retryAfter, field, key === 'err.invalid' ? told : '')
}

/** At least as long as told, and up to a quarter more: thousands were told the same at the same moment. */
const spread = (seconds: number): number => seconds + Math.random() * Math.max(1, seconds / 4)

// --- what must not be asked again yet ---------------------------------------------------------------------------------

// A button that waits is not enough: the next view, or the same one after a reload, would ask at once.
interface Closed {
  at: number
  until: number
}

const nameOf = (path: string): string => `busy.${path.split('?')[0]}`

function refuseWhileBusy(path: string): void {
  const closed = tab.read<Closed>(nameOf(path))
  const now = Date.now()
  // Noted in the future: the phone's clock was put back, and the note says nothing any more.
  if (closed && closed.at <= now && now < closed.until) {
    throw new Problem('err.busy', 503, '', (closed.until - now) / 1000)
  }
}

function note(path: string, problem: Problem): void {
  if (problem.key === 'err.busy') tab.write(nameOf(path), { at: Date.now(), until: problem.until } satisfies Closed)
}

// --- asking -----------------------------------------------------------------------------------------------------------

let clockOffset = 0

/** The server's time in milliseconds: a hold ends by its clock, and a phone's may be wrong. */
export function serverNow(): number {
  return Date.now() + clockOffset
}

/** Believe this phone's clock, except where an answer shows that it is wrong; `date` has whole seconds. */
function compareClocks(sent: number, date: number, received: number): void {
  const least = date - received
  const most = date + 1000 - sent
  clockOffset = Math.min(Math.max(clockOffset, least), most)
}

interface Request {
  body?: unknown
  signedIn?: boolean
}

async function answer(path: string, { body, signedIn }: Request): Promise<Response> {
  const token = session.get().token
  if (signedIn && !token) throw new Problem('sign.needed', 401)
  const headers: Record<string, string> = { 'Accept-Language': language() }
  if (signedIn) headers.Authorization = `Bearer ${token}`
  if (body !== undefined) headers['Content-Type'] = 'application/json'
  refuseWhileBusy(path)
  const sent = Date.now()
  const abort = new AbortController()
  const timer = setTimeout(() => abort.abort(), TIMEOUT_MS)
  let response: Response
  try {
    response = await fetch(BASE + path, {
      method: body === undefined ? 'GET' : 'POST',
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: abort.signal,
      cache: signedIn ? 'no-store' : 'default',
    })
  } catch {
    throw new Problem('err.offline', 0)
  } finally {
    clearTimeout(timer)
  }
  const date = Date.parse(response.headers.get('Date') ?? '')
  if (signedIn && date) compareClocks(sent, date, Date.now()) // only these are never an old answer from a cache
  if (response.ok) return response
  const problem = problemOf(response.status, await response.text().catch(() => ''), response.headers.get('Retry-After'))
  if (problem.status === 401) signInEnded()
  note(path, problem)
  throw problem
}

export async function call<T>(path: string, request: Request = {}): Promise<T> {
  return read<T>(await answer(path, request))
}

async function read<T>(response: Response): Promise<T> {
  try {
    const text = await response.text()
    return (text ? JSON.parse(text) : null) as T
  } catch {
    throw new Problem('err.offline', 0) // the connection broke in the middle
  }
}

/**
 * Counts, and when they were last true, in milliseconds. An answer that has not changed is not sent again, but its
 * headers are; Safari keeps the Last-Modified of the first one all the same, so its Date counts where it is later.
 */
export async function counted<T>(path: string): Promise<T & { asOf: number }> {
  const response = await answer(path, {})
  const [modified, date] = ['Last-Modified', 'Date'].map((name) => Date.parse(response.headers.get(name) ?? '') || 0)
  return { ...(await read<T>(response)), asOf: Math.max(modified ?? 0, date ?? 0) }
}

/** Have a code sent by text message, which waits `waitS` seconds for its turn. */
export async function sendCode(mobile: string): Promise<{ txnId: string; waitS: number }> {
  const response = await answer('/auth/public/generateOTP', { body: { mobile } })
  const { txnId } = await read<{ txnId: string }>(response)
  return { txnId, waitS: Number(response.headers.get('X-Expected-Wait')) || 0 }
}

export async function download(path: string): Promise<Blob> {
  const response = await answer(path, { signedIn: true })
  return response.blob()
}

export const query = (values: Record<string, string | number>): string =>
  '?' +
  Object.entries(values)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&')

// --- what the API answers ---------------------------------------------------------------------------------------------

export interface Status {
  open: boolean
  opens_at: string
  min_age: number
  vaccines: { vaccine: string; fee_ceiling: number }[]
  now: string
  counts: { counted_at: string | null; lag_seconds: number | null }
}

export interface Place {
  center_id: number
  name: string
  name_l?: string
  address: string
  address_l?: string
  block_name: string
  district_name: string
  district_name_l?: string
  state_name: string
  state_name_l?: string
  pincode: number
  fee_type: string
}

export interface SlotCapacity {
  slot: string
  dose1: number
  dose2: number
}

export interface Offer {
  session_id: string
  date: string
  available_capacity: number
  available_capacity_dose1: number
  available_capacity_dose2: number
  min_age_limit: number
  max_age_limit?: number
  vaccine: string
  slots: string[]
  slot_capacity: SlotCapacity[]
  /** Degrees north and east of the centre. */
  place: [number, number]
}

export interface Center extends Place {
  sessions: Offer[]
  vaccine_fees?: { vaccine: string; fee: string }[]
}

export interface Calendar {
  centers: Center[]
  /** When the counts were true, in milliseconds. */
  asOf: number
}

export interface Appointment extends Place {
  dose: 1 | 2
  vaccine: string
  appointment_id: string
  session_id: string
  date: string
  slot: string
  status: 'HELD' | 'BOOKED'
  hold_until?: string
  secret_code?: string
}

export interface Person {
  beneficiary_reference_id: string
  name: string
  birth_year: string
  gender: string
  photo_id_type: string
  photo_id_number: string
  vaccination_status: string
  vaccine: string
  dose1_date: string
  dose2_date: string
  appointments: Appointment[]
}

/** Nobody registered yet is an empty list here, not a refusal. */
export async function myPeople(): Promise<Person[]> {
  try {
    return (await call<{ beneficiaries: Person[] }>('/appointment/beneficiaries', { signedIn: true })).beneficiaries
  } catch (problem) {
    if (problem instanceof Problem && problem.code === 'APPOIN0001') return []
    throw problem
  }
}

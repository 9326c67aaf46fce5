/** What is near a point: centres that vaccinate soon, and how far they are. */
import type { Calendar, Center } from './api'
import { call, counted, query } from './api'

export interface Point {
  lat: number
  long: number
}

/** A point, and the district that it is in where that is known. */
export interface Area extends Point {
  district?: number
  state?: number
}

const PINCODES = 8 // requests for one search at the most; they are small, and the edge keeps them
const KM_PER_DEGREE = 111.2

export function distanceKm(a: Point, b: Point): number {
  const east = (b.long - a.long) * Math.cos((((a.lat + b.lat) / 2) * Math.PI) / 180)
  return KM_PER_DEGREE * Math.hypot(b.lat - a.lat, east)
}

/** Where a centre is that was found, which it never is without a session. */
export function pointOf(center: Center): Point {
  const [lat, long] = center.sessions[0]!.place
  return { lat, long }
}

/** The centres nearest to a point with their week from `from` on, the nearest first. */
export async function nearby(point: Point, from: string, without: readonly number[] = []): Promise<Calendar> {
  // Two decimals are a kilometre: enough to find centres, too little to find somebody, and a neighbour's answer fits.
  const lat = point.lat.toFixed(2)
  const long = point.long.toFixed(2)
  const { centers } = await call<{ centers: { pincode: string; lat: string; long: string }[] }>(
    `/appointment/centers/public/findByLatLong${query({ lat, long })}`,
  )
  const pincodes = [...new Set(centers.map((center) => center.pincode))].slice(0, PINCODES)
  const answers = await Promise.all(pincodes.map((pincode) => calendarByPin(pincode, from)))
  const found = answers
    .flatMap((answer) => answer.centers)
    .filter((center) => !without.includes(center.center_id))
    .sort((a, b) => distanceKm(point, pointOf(a)) - distanceKm(point, pointOf(b)))
  return { centers: found, asOf: Math.min(Date.now(), ...answers.map((answer) => answer.asOf)) }
}

export const calendarByPin = (pincode: string, date: string): Promise<Calendar> =>
  counted(`/appointment/sessions/public/calendarByPin${query({ pincode, date })}`)

export const calendarByDistrict = (district: string, date: string): Promise<Calendar> =>
  counted(`/appointment/sessions/public/calendarByDistrict${query({ district_id: district, date })}`)

export async function calendarByCenter(center: string, date: string): Promise<Center | null> {
  const path = `/appointment/sessions/public/calendarByCenter${query({ center_id: center, date })}`
  const { centers } = await call<{ centers: Center | Record<string, never> }>(path)
  return 'sessions' in centers ? (centers as Center) : null
}

/** Where a PIN code is, or null where nobody wrote that down. From this site's own files: nobody else is asked. */
export async function whereIs(pin: string): Promise<Area | null> {
  try {
    const answer = await fetch(`/pins/${pin.slice(0, 2)}.json`)
    const [lat, long, district, state] = (await answer.json())[pin] as [number, number, number, number]
    return { lat, long, district, state }
  } catch {
    return null
  }
}

/** The point between the centres that were found. */
export function middle(centers: Center[]): Point | null {
  if (!centers.length) return null
  const mean = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0) / numbers.length
  const points = centers.map(pointOf)
  return { lat: mean(points.map((point) => point.lat)), long: mean(points.map((point) => point.long)) }
}

import { afterEach, expect, test, vi } from 'vitest'
import type { Center } from './api'
import { distanceKm, middle, nearby, pointOf, whereIs } from './near'

const asked: string[] = []

/** Of one PIN code a minute earlier. */
const counted = (path: string): string => `Mon, 03 May 2021 06:${path.includes('741101') ? '29' : '30'}:00 GMT`

function answering(answers: (path: string) => unknown) {
  asked.length = 0
  vi.stubGlobal('fetch', async (path: string) => {
    asked.push(path)
    return new Response(JSON.stringify(answers(path)), { headers: { 'Last-Modified': counted(path) } })
  })
}

afterEach(() => vi.unstubAllGlobals())

const center = (id: number, lat: number) => ({ center_id: id, lat: 23, long: 88, sessions: [{ place: [lat, 88.48] }] })

test('a degree of latitude is about 111 km', () => {
  expect(distanceKm({ lat: 23, long: 88 }, { lat: 24, long: 88 })).toBeCloseTo(111.2)
  expect(distanceKm({ lat: 23, long: 88 }, { lat: 23, long: 89 })).toBeCloseTo(102.4, 0)
})

test('near centres come by distance, each PIN code is asked once, and the place is told no closer than a kilometre', async () => {
  answering((path) =>
    path.includes('findByLatLong')
      ? { centers: [{ pincode: '741102' }, { pincode: '741101' }, { pincode: '741101' }] }
      : { centers: [path.includes('741101') ? center(1, 23.2) : center(2, 23.3)] },
  )
  const found = await nearby({ lat: 23.204312, long: 88.480456 }, '03-05-2021')
  expect(found.centers.map((one) => one.center_id)).toEqual([1, 2])
  expect(found.asOf).toBe(Date.parse('2021-05-03T06:29:00Z'))
  expect(asked).toHaveLength(3)
  expect(asked[0]).toContain('lat=23.20&long=88.48')
})

test('centres that were searched already are left out', async () => {
  answering((path) =>
    path.includes('findByLatLong') ? { centers: [{ pincode: '741101' }] } : { centers: [center(1, 23.2)] },
  )
  expect((await nearby({ lat: 23.2, long: 88.5 }, '03-05-2021', [1])).centers).toEqual([])
})

test('a PIN code that nobody placed is nowhere, and no error', async () => {
  answering(() => ({ '741101': [23.2, 88.48, 728, 36] }))
  expect(await whereIs('741101')).toEqual({ lat: 23.2, long: 88.48, district: 728, state: 36 })
  expect(await whereIs('741199')).toBeNull()
  expect(middle([])).toBeNull()
})

test('a centre is where its sessions are, and not at its whole degrees', () => {
  const centers = [center(1, 23.2), center(2, 23.4)] as unknown as Center[]
  expect(centers.map(pointOf)).toEqual([{ lat: 23.2, long: 88.48 }, { lat: 23.4, long: 88.48 }])
  expect(middle(centers)).toEqual({ lat: expect.closeTo(23.3), long: 88.48 })
})

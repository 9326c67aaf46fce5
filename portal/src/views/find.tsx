import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Calendar } from '../api'
import { ago, addDays, compareDays, dayNumber, inOrder, isDay, km, longDay, number, rupees, shortDay, today, week, weekday } from '../format'
import { useAction, useGet, useLoaded, useSecondsLeft } from '../hooks'
import type { Key } from '../i18n'
import { t } from '../i18n'
import type { Area, Point } from '../near'
import { calendarByDistrict, calendarByPin, distanceKm, middle, nearby, pointOf, whereIs } from '../near'
import type { Cell, Filter, Listed, Row } from '../offers'
import { NO_FILTER, filterOf, isFiltered, list, sum, vaccinesOf } from '../offers'
import { Link, go, to, useAddress } from '../router'
import { session } from '../session'
import { useDraft, useStore } from '../store'
import { Do, Field, LinkButton, LoadTrouble, Note, Title, Waiting, announce, digitsOnly, focusWrong } from '../ui'

const BY = ['pin', 'district', 'near'] as const
type By = (typeof BY)[number]
const BY_NAME: Record<By, Key> = { pin: 'find.pin', district: 'find.district', near: 'find.near' }
const HORIZON_DAYS = 28

// In memory only: where somebody is must not stay in an address, a history or a store.
let here: Point | null = null

export function Find() {
  const { query } = useAddress()
  const pin = /^[1-9]\d{5}$/.test(query.get('pin') ?? '') ? query.get('pin') : null
  const district = /^\d{1,5}$/.test(query.get('district') ?? '') ? query.get('district') : null
  const state = query.get('state')
  const asked = query.get('by') as By
  const by: By = BY.includes(asked) ? asked : district ? 'district' : 'pin'
  const [point, setPoint] = useState(here)
  const given = query.get('from') ?? ''
  const from = isDay(given) && compareDays(given, today()) > 0 ? given : today()
  const move = query.get('move')
  const change = (values: Record<string, string | null>) => {
    const next = new URLSearchParams(query)
    for (const [name, value] of Object.entries(values)) value ? next.set(name, value) : next.delete(name)
    go(`/find?${next}`, { replace: true })
  }

  const search =
    by === 'pin' && pin
      ? { id: `pin ${pin} ${from}`, load: () => calendarByPin(pin, from), where: () => whereIs(pin) }
      : by === 'district' && district
        ? { id: `district ${district} ${from}`, load: () => calendarByDistrict(district, from), where: async () => null }
        : by === 'near' && point
          ? { id: `near ${point.lat} ${point.long} ${from}`, load: () => nearby(point, from), where: async () => point }
          : null

  return (
    <>
      <Title>{t('nav.find')}</Title>
      {move && <Note>{t('book.moving')}</Note>}
      <div class="tabs" role="group" aria-label={t('find.by')}>
        {BY.map((one) => (
          <button key={one} type="button" aria-pressed={one === by} onClick={() => change({ by: one })}>
            {t(BY_NAME[one])}
          </button>
        ))}
      </div>
      <section class="card">
        {by === 'pin' && <PinForm pin={pin} move={move} />}
        {by === 'district' && <DistrictForm state={state} district={district} move={move} />}
        {by === 'near' && (
          <Locate
            found={(position) => {
              here = position
              setPoint(position)
            }}
          />
        )}
      </section>
      {search && <Results key={search.id} {...search} from={from} change={change} point={by === 'near' ? point : null} />}
    </>
  )
}

// --- what to search for -----------------------------------------------------------------------------------------------

export function PinForm({ pin = null, move = null }: { pin?: string | null; move?: string | null }) {
  const [typed, setTyped] = useDraft('pin', pin ?? '')
  const [error, setError] = useState<Key | null>(null)
  useEffect(() => {
    if (pin) setTyped(pin)
  }, [pin])
  const submit = (event: Event) => {
    event.preventDefault()
    const digits = digitsOnly(typed)
    if (/^[1-9]\d{5}$/.test(digits)) {
      setError(null)
      go(to('/find', { by: 'pin', pin: digits, move }))
    } else {
      setError('err.pin')
      focusWrong('pin')
    }
  }
  return (
    <form onSubmit={submit} noValidate class="inline">
      <Field id="pin" label={t('find.pin.label')} error={error}>
        {(ids) => (
          <input
            {...ids}
            type="text"
            inputMode="numeric"
            autocomplete="postal-code"
            maxLength={10}
            value={typed}
            onInput={(event) => setTyped(event.currentTarget.value)}
          />
        )}
      </Field>
      <button type="submit" class="main">
        {t('find.show')}
      </button>
    </form>
  )
}

interface State {
  state_id: number
  state_name: string
  state_name_l: string
}

interface District {
  district_id: number
  district_name: string
  district_name_l: string
}

const nameOfState = (one: State): string => one.state_name_l || one.state_name
const nameOfDistrict = (one: District): string => one.district_name_l || one.district_name

function DistrictForm({ state, district, move }: { state: string | null; district: string | null; move: string | null }) {
  const [chosenState, setState] = useDraft('state', state ?? '')
  const [chosen, setChosen] = useDraft('district', district ?? '')
  const [error, setError] = useState<Key | null>(null)
  const states = useGet<{ states: State[] }>('/admin/location/states')
  const districts = useGet<{ districts: District[] }>(chosenState ? `/admin/location/districts/${chosenState}` : null)
  useEffect(() => {
    if (state) setState(state)
    if (district) setChosen(district)
  }, [state, district])
  const submit = (event: Event) => {
    event.preventDefault()
    const known = districts.data?.districts.some((one) => String(one.district_id) === chosen)
    if (known) {
      setError(null)
      go(to('/find', { by: 'district', state: chosenState, district: chosen, move }))
    } else {
      setError('required')
      focusWrong(chosenState ? 'district' : 'state')
    }
  }
  const trouble = states.problem ?? districts.problem
  return (
    <form onSubmit={submit} noValidate>
      <Field id="state" label={t('find.state')} error={chosenState ? null : error}>
        {(ids) => (
          <select
            {...ids}
            value={chosenState}
            onChange={(event) => {
              setState(event.currentTarget.value)
              setChosen('')
            }}
          >
            <option value="">{t('choose')}…</option>
            {inOrder(states.data?.states ?? [], nameOfState).map((one) => (
              <option key={one.state_id} value={String(one.state_id)} selected={String(one.state_id) === chosenState}>
                {nameOfState(one)}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field id="district" label={t('find.district')} error={chosenState ? error : null}>
        {(ids) => (
          <select {...ids} value={chosen} disabled={!chosenState} onChange={(event) => setChosen(event.currentTarget.value)}>
            <option value="">{t('choose')}…</option>
            {inOrder(districts.data?.districts ?? [], nameOfDistrict).map((one) => (
              <option
                key={one.district_id}
                value={String(one.district_id)}
                selected={String(one.district_id) === chosen}
                lang={one.district_name_l ? undefined : 'en'}
              >
                {nameOfDistrict(one)}
              </option>
            ))}
          </select>
        )}
      </Field>
      {trouble && <LoadTrouble problem={trouble} reload={states.problem ? states.reload : districts.reload} />}
      <button type="submit" class="main">
        {t('find.show')}
      </button>
    </form>
  )
}

function Locate({ found }: { found: (point: Point) => void }) {
  const [lost, setLost] = useState(false)
  const locating = useAction(async () => {
    setLost(false)
    try {
      found(await position())
    } catch {
      setLost(true)
    }
  })
  return (
    <>
      <p>{t('find.private')}</p>
      <div role="alert">{lost && <Note kind="bad">{t('find.lost')}</Note>}</div>
      <Do action={locating} label="find.locate" />
    </>
  )
}

const position = (): Promise<Point> =>
  new Promise((resolve, reject) => {
    if (!navigator.geolocation) return reject(new Error('no geolocation'))
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => resolve({ lat: coords.latitude, long: coords.longitude }),
      reject,
      { timeout: 15_000, maximumAge: 600_000 },
    )
  })

// --- what was found ---------------------------------------------------------------------------------------------------

interface ResultsProps {
  id: string
  load: () => Promise<Calendar>
  where: () => Promise<Area | null>
  from: string
  point: Point | null
  change: (values: Record<string, string | null>) => void
}

function Results({ id, load, where, from, point, change }: ResultsProps) {
  const { query } = useAddress()
  const { data, problem, loading, reload } = useLoaded(id, load)
  const filter = filterOf(query)
  const days = week(from)
  const listed = data ? list(data.centers, filter, days) : []
  const places = sum(listed.map((one) => one.free))
  const summary = t('find.sum', { centres: number(listed.length), places: number(places) })
  useEffect(() => {
    if (data) announce(summary)
  }, [data, summary])
  const heading = useRef<HTMLHeadingElement>(null)
  const step = (days: number) => {
    const next = addDays(from, days)
    change({ from: compareDays(next, today()) > 0 ? next : null })
  }
  const first = compareDays(from, today()) <= 0
  const last = compareDays(addDays(from, 7), addDays(today(), HORIZON_DAYS)) > 0
  return (
    <section aria-busy={loading}>
      <h2 ref={heading} tabIndex={-1}>
        {t('find.results')}
      </h2>
      <div class="week">
        <button type="button" class="small" disabled={first} onClick={() => step(-7)} aria-label={t('find.earlier')}>
          ‹
        </button>
        <b>{t('find.week', { from: shortDay(from), to: shortDay(days[6] ?? from) })}</b>
        <button type="button" class="small" disabled={last} onClick={() => step(7)} aria-label={t('find.later')}>
          ›
        </button>
      </div>
      {data && <Filters filter={filter} vaccines={vaccinesOf(data.centers)} change={change} />}
      {problem && <LoadTrouble problem={problem} reload={reload} />}
      {loading && !data && <Waiting />}
      {data && (
        <>
          <div class="fresh">
            <p>{summary}</p>
            <Age asOf={data.asOf} reload={reload} loading={loading} />
          </div>
          {places === 0 && (
            <NothingFree
              centers={data.centers.length}
              filtered={isFiltered(filter) && list(data.centers, NO_FILTER, days).some((one) => one.free > 0)}
              where={async () => (await where()) ?? middle(data.centers)}
              from={from}
              filter={filter}
              without={data.centers.map((center) => center.center_id)}
              change={change}
              later={last ? null : () => step(7)}
            />
          )}
          {places === 0 && listed.length > 0 && <h3>{t('find.full')}</h3>}
          <Centers listed={listed} point={point} />
        </>
      )}
    </section>
  )
}

function Age({ asOf, reload, loading }: { asOf: number; reload: () => void; loading: boolean }) {
  // Drawn anew every second, as long as it is looked at.
  useSecondsLeft(Date.now() + 3_600_000)
  return (
    <p class="hint">
      {t('find.counted', { ago: ago((Date.now() - asOf) / 1000) })}{' '}
      <button type="button" class="link" aria-busy={loading} onClick={reload}>
        {t('find.again')}
      </button>
    </p>
  )
}

interface FiltersProps {
  filter: Filter
  vaccines: string[]
  change: (values: Record<string, string | null>) => void
}

function Filters({ filter, vaccines, change }: FiltersProps) {
  const pick = (id: keyof Filter, label: Key, options: [string, string][]) => (
    <Field id={`filter-${id}`} label={t(label)}>
      {(ids) => (
        <select {...ids} value={String(filter[id])} onChange={(event) => change({ [id]: event.currentTarget.value })}>
          <option value="">{t('any')}</option>
          {options.map(([value, text]) => (
            <option key={value} value={value} selected={value === filter[id]}>
              {text}
            </option>
          ))}
        </select>
      )}
    </Field>
  )
  const known = filter.vaccine && !vaccines.includes(filter.vaccine) ? [...vaccines, filter.vaccine] : vaccines
  return (
    <details class="filters" open={isFiltered({ ...filter, dose: '' })}>
      <summary>{t('find.filters')}</summary>
      <div class="grid">
        {pick('age', 'find.age', [
          ['18', t('ages', { from: number(18), to: number(44) })],
          ['45', t('ages.up', { from: number(45) })],
        ])}
        {pick('dose', 'find.dose', [
          ['1', t('dose.1')],
          ['2', t('dose.2')],
        ])}
        {pick('vaccine', 'find.vaccine', known.map((name) => [name, name]))}
        {pick('fee', 'find.price', [
          ['Free', t('free')],
          ['Paid', t('paid')],
        ])}
      </div>
      <label class="tick">
        <input
          type="checkbox"
          checked={filter.free}
          onChange={(event) => change({ free: event.currentTarget.checked ? '1' : null })}
        />
        {t('find.free')}
      </label>
    </details>
  )
}

export function Centers({ listed, point }: { listed: Listed[]; point: Point | null }) {
  return (
    <ul class="centers">
      {listed.map((one) => (
        <li key={one.center.center_id} class="card">
          <Center listed={one} point={point} />
        </li>
      ))}
    </ul>
  )
}

function Center({ listed: { center, rows }, point }: { listed: Listed; point: Point | null }) {
  const { query } = useAddress()
  const name = center.name_l || center.name
  return (
    <>
      <h3 lang={center.name_l ? undefined : 'en'}>{name}</h3>
      <p class="hint">
        <span lang={center.address_l ? undefined : 'en'}>{center.address_l || center.address}</span>,{' '}
        <span lang={center.district_name_l ? undefined : 'en'}>{center.district_name_l || center.district_name}</span> {center.pincode}
        {point && <b class="away">{t('full.away', { distance: km(distanceKm(point, pointOf(center))) })}</b>}
      </p>
      {rows.map((row) => (
        <Days
          key={[row.vaccine, row.minAge, row.maxAge].join()}
          row={row}
          center={String(center.center_id)}
          extra={{ dose: query.get('dose'), move: query.get('move') }}
        />
      ))}
    </>
  )
}

export const agesOf = (from: number, upTo: number | null): string =>
  upTo === null ? t('ages.up', { from: number(from) }) : t('ages', { from: number(from), to: number(upTo) })

function Days({ row, center, extra }: { row: Row; center: string; extra: Record<string, string | null> }) {
  return (
    <>
      <p class="kind">
        <b lang="en">{row.vaccine}</b> <span>{agesOf(row.minAge, row.maxAge)}</span>{' '}
        <span class="fee">{row.fee === null ? t('free') : rupees(Number(row.fee))}</span>
      </p>
      <ul class="days">
        {row.cells.map((cell) => (
          <li key={cell.day}>
            <Day cell={cell} link={to('/book', { center, date: cell.day, session: cell.offer?.session_id, ...extra })} />
          </li>
        ))}
      </ul>
    </>
  )
}

function Day({ cell, link }: { cell: Cell; link: string }) {
  const date = longDay(cell.day)
  const inside = (text: string): ComponentChildren => (
    <span aria-hidden="true">
      <small>{weekday(cell.day)}</small>
      <small>{dayNumber(cell.day)}</small>
      <b class={text.length > 3 ? 'long' : undefined}>{text}</b>
    </span>
  )
  if (!cell.offer) {
    return (
      <span class="day none">
        {inside('–')}
        <span class="unseen">{t('find.cell.none', { date })}</span>
      </span>
    )
  }
  if (cell.free === 0) {
    return (
      <span class="day full">
        {inside(number(0))}
        <span class="unseen">{t('find.cell.full', { date })}</span>
      </span>
    )
  }
  return (
    <Link class="day some" to={link}>
      {inside(number(cell.free))}
      <span class="unseen">{t('find.cell', { date, count: number(cell.free) })}</span>
    </Link>
  )
}

// --- nothing free: what now -------------------------------------------------------------------------------------------

interface NothingProps {
  centers: number
  filtered: boolean
  where: () => Promise<Area | null>
  from: string
  filter: Filter
  without: number[]
  change?: (values: Record<string, string | null>) => void
  later?: (() => void) | null
}

export function NothingFree({ centers, filtered, where, from, filter, without, change, later }: NothingProps) {
  const { query } = useAddress()
  const { token } = useStore(session)
  const move = query.get('move')
  const near = useLoaded(`beside ${from} ${without.join()}`, async () => {
    const point = await where()
    if (!point) return null
    const { centers } = await nearby(point, from, without).catch((problem) => {
      if (problem?.status === 400) return { centers: [] } // beyond the search's map
      throw problem
    })
    return { point, centers }
  })
  const free = near.data ? list(near.data.centers, { ...filter, free: true }, week(from)).slice(0, 4) : []
  const away = (listed: Listed) => distanceKm(near.data!.point, pointOf(listed.center))
  const byDistance = near.data ? free.sort((a, b) => away(a) - away(b)) : []
  const district = near.data?.point.district
  return (
    <div class="nothing">
      <h3>{t(filtered ? 'full.filtered' : centers ? 'full.title' : 'full.none')}</h3>
      {filtered && change && (
        <button type="button" class="main" onClick={() => change({ age: null, dose: null, vaccine: null, fee: null, free: null })}>
          {t('full.filters')}
        </button>
      )}
      {later && (
        <button type="button" class="main" onClick={later}>
          {t('find.later')}
        </button>
      )}
      {district && <LinkButton to={to('/find', { by: 'district', state: String(near.data?.point.state ?? ''), district: String(district), move })} label="full.district" kind="plain" />}
      {near.loading && <Waiting />}
      {near.problem && <LoadTrouble problem={near.problem} reload={near.reload} />}
      {near.data && (
        <>
          <h3>{t('full.near')}</h3>
          {byDistance.length ? <Centers listed={byDistance} point={near.data.point} /> : <p>{t('full.far')}</p>}
        </>
      )}
      <h3>{t('full.todo')}</h3>
      <ul class="todo">
        <li>{t('full.todo1')}</li>
        <li>{t('full.todo2')}</li>
        {!token && (
          <li>
            <Link to="/people">{t('full.todo3')}</Link>
          </li>
        )}
      </ul>
    </div>
  )
}

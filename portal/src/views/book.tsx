import { useEffect, useState } from 'preact/hooks'
import type { Center, Offer, Person, SlotCapacity } from '../api'
import { Problem, call, myPeople } from '../api'
import { fullDay, isDay, number, rupees, slotTime, today } from '../format'
import { useAction, useLoaded } from '../hooks'
import type { Key } from '../i18n'
import { t } from '../i18n'
import { calendarByCenter, pointOf } from '../near'
import { NO_FILTER, list } from '../offers'
import { Link, go, to, useAddress } from '../router'
import { session } from '../session'
import { tab, useDraft, useStore } from '../store'
import { Do, LinkButton, LoadTrouble, Note, Title, Trouble, Waiting, focusWrong, say } from '../ui'
import { week } from '../format'
import { Centers, NothingFree, agesOf } from './find'
import { MOST, dosesOf } from './people'
import { SignIn } from './sign-in'

/** What was held, kept in this tab so that a hold that lapsed can be tried again. */
export interface HeldPlace {
  address: string
}

export function Book() {
  const { query } = useAddress()
  const center = query.get('center') ?? ''
  const date = query.get('date') ?? ''
  const valid = /^\d{1,10}$/.test(center) && isDay(date)
  const { data, problem, loading, reload } = useLoaded(valid ? `${center} ${date}` : null, async () => {
    return { center: await calendarByCenter(center, date) }
  })
  const offer = data?.center?.sessions.find((one) => one.session_id === query.get('session') && one.date === date)
  return (
    <>
      <Title>{t(query.get('move') ? 'appt.move' : 'book.title')}</Title>
      {query.get('move') && <Note>{t('book.moving')}</Note>}
      {problem && <LoadTrouble problem={problem} reload={reload} />}
      {loading && !data && <Waiting />}
      {data?.center && offer && <Choose key={offer.session_id} center={data.center} offer={offer} reload={reload} />}
      {(data || !valid) && !offer && (
        <>
          <Note>{t('book.gone')}</Note>
          {data?.center && <Centers listed={list([data.center], { ...NO_FILTER, free: true }, week(date))} point={null} />}
          <LinkButton to="/find" label="nav.find" />
        </>
      )}
    </>
  )
}

export function Summary({ center, date, vaccine, fee }: { center: Center; date: string; vaccine: string; fee: string | null }) {
  return (
    <>
      <h2 lang={center.name_l ? undefined : 'en'}>{center.name_l || center.name}</h2>
      <p class="hint">
        <span lang={center.address_l ? undefined : 'en'}>{center.address_l || center.address}</span>,{' '}
        <span lang={center.district_name_l ? undefined : 'en'}>{center.district_name_l || center.district_name}</span> {center.pincode}
      </p>
      <p>
        <b>{fullDay(date)}</b>
      </p>
      <p class="kind">
        <b lang="en">{vaccine}</b> <span class="fee">{fee === null ? t('free') : rupees(Number(fee))}</span>
      </p>
    </>
  )
}

interface ChooseProps {
  center: Center
  offer: Offer
  reload: () => void
}

function Choose({ center, offer, reload }: ChooseProps) {
  const { query } = useAddress()
  const { token } = useStore(session)
  const move = query.get('move')
  const people = useLoaded(token ? 'people' : null, myPeople)
  const moving = move ? (people.data ?? []).filter((person) => appointmentOf(person, move)) : []
  const [picked, setPicked] = useDraft<string[]>(`people.${offer.session_id}`, [])
  const [slot, setSlot] = useDraft(`slot.${offer.session_id}`, '')
  const [wrong, setWrong] = useState<'slot' | 'who' | null>(null)
  // Times that were refused as full: the counts, which are some seconds old, may not know it yet.
  const [sold, setSold] = useState<string[]>([])
  const freeIn = (slot: SlotCapacity, dose: 1 | 2): number =>
    sold.includes(slot.slot) ? 0 : dose === 1 ? slot.dose1 : slot.dose2

  const first = (people.data ?? []).find((person) => picked.includes(person.beneficiary_reference_id))
  const asked = query.get('dose') === '2' ? 2 : 1
  const movedDose = move ? moving[0] && appointmentOf(moving[0], move)?.dose : null
  const dose: 1 | 2 = movedDose ?? (first ? nextDose(first) ?? 1 : asked)
  const chosen = (people.data ?? []).filter((person) => picked.includes(person.beneficiary_reference_id))
  const chosenSlot = offer.slot_capacity.find((one) => one.slot === slot && freeIn(one, dose) > 0)
  const others = picked.length > 0 ? dose : null

  // One who can only mean themselves, and the only time there is, are chosen already.
  useEffect(() => {
    const able = (people.data ?? []).filter((person) => !hindrance(person, offer, null))
    if (people.data && !move && !picked.length && able.length === 1 && able[0]) {
      setPicked([able[0].beneficiary_reference_id])
    }
  }, [people.data])
  useEffect(() => {
    const open = offer.slot_capacity.filter((one) => freeIn(one, dose) > 0)
    if (!slot && open.length === 1 && open[0]) setSlot(open[0].slot)
  }, [offer, dose])

  const choosing = useAction(async () => {
    try {
      if (move) {
        const body = { appointment_id: move, session_id: offer.session_id, slot: chosenSlot?.slot }
        await call('/appointment/reschedule', { body, signedIn: true })
        say(() => t('appt.moved'))
        go(`/appointment/${move}`)
        return
      }
      const beneficiaries = chosen.map((person) => person.beneficiary_reference_id)
      const body = { dose, session_id: offer.session_id, slot: chosenSlot?.slot, beneficiaries }
      const held = await call<{ appointment_id: string }>('/appointment/hold', { body, signedIn: true })
      const place: HeldPlace = { address: location.pathname + location.search }
      tab.write(`held.${held.appointment_id}`, place)
      go(`/appointment/${held.appointment_id}`)
    } catch (problem) {
      if (problem instanceof Problem && ['APPOIN0040', 'APPOIN0015', 'TIKA0011'].includes(problem.code)) {
        // Too few for several may still be enough for one.
        if (chosenSlot && chosen.length < 2) setSold([...sold, chosenSlot.slot])
        setSlot('')
        reload()
      }
      if (problem instanceof Problem && problem.code === 'APPOIN0022') people.reload()
      throw problem
    }
  })
  const submit = (event: Event) => {
    event.preventDefault()
    const missing = !chosenSlot ? 'slot' : !move && !chosen.length ? 'who' : null
    setWrong(missing)
    if (missing) focusWrong(`${missing}-first`)
    else choosing.run()
  }
  const fee = center.vaccine_fees?.find((one) => one.vaccine === offer.vaccine)?.fee ?? null
  const isFull = offer.slot_capacity.every((one) => freeIn(one, dose) === 0)
  const whoLeft = people.data?.some((person) => !hindrance(person, offer, null))

  return (
    <>
      <section class="card">
        <Summary center={center} date={offer.date} vaccine={offer.vaccine} fee={fee} />
        <p class="hint">{agesOf(offer.min_age_limit, offer.max_age_limit ?? null)}</p>
      </section>
      <form onSubmit={submit} noValidate>
        <fieldset class={wrong === 'slot' ? 'card wrong' : 'card'}>
          <legend>{t('book.time')}</legend>
          {wrong === 'slot' && (
            <p class="error" id="slot-error">
              {t('book.pick.time')}
            </p>
          )}
          {offer.slot_capacity.map((one, index) => (
            <label key={one.slot} class="option">
              <input
                id={index === 0 ? 'slot-first' : undefined}
                type="radio"
                name="slot"
                value={one.slot}
                disabled={freeIn(one, dose) === 0}
                checked={chosenSlot?.slot === one.slot}
                aria-describedby={wrong === 'slot' ? 'slot-error' : undefined}
                onChange={() => {
                  setSlot(one.slot)
                  setWrong(null)
                }}
              />
              <span>
                <b>{slotTime(one.slot)}</b>{' '}
                <small>{freeIn(one, dose) ? t('places', { count: number(freeIn(one, dose)) }) : t('find.full')}</small>
              </span>
            </label>
          ))}
        </fieldset>
        {token && !move && people.data && people.data.length > 0 && (
          <fieldset class={wrong === 'who' ? 'card wrong' : 'card'}>
            <legend>{t('book.who')}</legend>
            {wrong === 'who' && (
              <p class="error" id="who-error">
                {t('book.pick.who')}
              </p>
            )}
            {people.data.map((person, index) => (
              <Who
                key={person.beneficiary_reference_id}
                id={index === 0 ? 'who-first' : undefined}
                person={person}
                hindrance={hindrance(person, offer, picked.includes(person.beneficiary_reference_id) ? null : others)}
                picked={picked.includes(person.beneficiary_reference_id)}
                error={wrong === 'who' ? 'who-error' : undefined}
                pick={(on) => {
                  const rest = picked.filter((id) => id !== person.beneficiary_reference_id)
                  setPicked(on ? [...rest, person.beneficiary_reference_id] : rest)
                  setWrong(null)
                }}
              />
            ))}
            {people.data.length < MOST && <AddPerson />}
          </fieldset>
        )}
        {token && move && moving.length > 0 && (
          <section class="card">
            <h2>{t('appt.who')}</h2>
            <ul>
              {moving.map((person) => (
                <li key={person.beneficiary_reference_id}>{person.name}</li>
              ))}
            </ul>
          </section>
        )}
        {token && people.data?.length === 0 && (
          <section class="card">
            <Note>{t('people.none')}</Note>
            <AddPerson main />
          </section>
        )}
        {people.problem && <LoadTrouble problem={people.problem} reload={people.reload} />}
        {people.loading && !people.data && <Waiting />}
        {token && people.data && people.data.length > 0 && (
          <div class="act">
            <Trouble problem={choosing.problem} />
            {(whoLeft || move) && !isFull && (
              <>
                <Do action={choosing} label={move ? 'book.move' : 'book.hold'} submit />
                {!move && <p class="hint">{t('book.hint')}</p>}
              </>
            )}
          </div>
        )}
      </form>
      {!token && <SignIn />}
      {(isFull || choosing.problem?.code === 'APPOIN0040') && (
        <NothingFree
          centers={1}
          filtered={false}
          where={async () => pointOf(center)}
          from={today()}
          filter={{ ...NO_FILTER, dose: String(dose) as '1' | '2' }}
          without={[center.center_id]}
        />
      )}
      <LinkButton to={to('/find', { by: 'pin', pin: String(center.pincode), move })} label="nav.find" kind="plain" />
    </>
  )
}

const appointmentOf = (person: Person, id: string) => person.appointments.find((one) => one.appointment_id === id)

export const nextDose = (person: Person): 1 | 2 | null => ([1, 2, null] as const)[dosesOf(person)]

/** Why somebody cannot take this place, or null. The service decides; this saves them from trying. */
export function hindrance(person: Person, offer: Offer, dose: 1 | 2 | null): Key | null {
  const next = nextDose(person)
  if (next === null) return 'book.not.done'
  if (person.appointments.some((one) => one.dose === next && !isThisHold(one, offer))) return 'book.not.appointment'
  const age = Number(offer.date.slice(6)) - Number(person.birth_year)
  if (age < offer.min_age_limit || (offer.max_age_limit !== undefined && age > offer.max_age_limit)) return 'book.not.age'
  if (next === 2 && person.vaccine !== offer.vaccine) return 'book.not.vaccine'
  if (dose !== null && dose !== next) return 'book.not.dose'
  return null
}

// Going back from the hold and choosing it again is the same hold.
const isThisHold = (one: Person['appointments'][number], offer: Offer): boolean =>
  one.status === 'HELD' && one.session_id === offer.session_id

interface WhoProps {
  id?: string
  person: Person
  hindrance: Key | null
  picked: boolean
  /** The id of what says that nobody is chosen. */
  error?: string
  pick: (on: boolean) => void
}

function Who({ id, person, hindrance, picked, error, pick }: WhoProps) {
  return (
    <label class="option">
      <input
        id={id}
        type="checkbox"
        checked={picked && !hindrance}
        disabled={Boolean(hindrance)}
        aria-describedby={error}
        onChange={(event) => pick(event.currentTarget.checked)}
      />
      <span>
        <b>{person.name}</b> <small>{hindrance ? t(hindrance) : t(`dose.${nextDose(person) ?? 1}`)}</small>
      </span>
    </label>
  )
}

const AddPerson = ({ main = false }: { main?: boolean }) => (
  <Link
    class={main ? 'button main' : 'button plain'}
    to={to('/people/new', { next: location.pathname + location.search })}
  >
    {t('people.add')}
  </Link>
)

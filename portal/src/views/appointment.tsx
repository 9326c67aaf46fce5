import { useEffect, useState } from 'preact/hooks'
import type { Appointment as Standing, Person } from '../api'
import { Problem, call, download, myPeople, query, serverNow } from '../api'
import { countdown, fullDay, slotTime, span } from '../format'
import { useAction, useLoaded, useSecondsLeft } from '../hooks'
import { t } from '../i18n'
import { Do, LinkButton, LoadTrouble, Note, Title, Trouble, Waiting, announce, focusWrong, say } from '../ui'
import { go, to } from '../router'
import { tab } from '../store'
import type { HeldPlace } from './book'
import { PhotoIdName, Sure, shortened } from './people'

interface Booked {
  people: Person[]
  place: Standing
}

export function Appointment({ id }: { id: string }) {
  const { data, problem, loading, reload } = useLoaded(`appointment ${id}`, async () => of(await myPeople(), id))
  const [lapsed, setLapsed] = useState(false)
  const held = data?.place.status === 'HELD'
  if (problem && !data) {
    return (
      <>
        <Title>{t('appt.title')}</Title>
        <LoadTrouble problem={problem} reload={reload} />
      </>
    )
  }
  if (loading && !data) return <Waiting />
  if (data && held && !lapsed) {
    return <Hold id={id} booked={data} reload={reload} lapse={() => setLapsed(true)} />
  }
  if (data && !held) return <Slip id={id} booked={data} reload={reload} />
  return <Gone id={id} />
}

function of(people: Person[], id: string): Booked | null {
  const those = people.filter((person) => person.appointments.some((one) => one.appointment_id === id))
  const place = those[0]?.appointments.find((one) => one.appointment_id === id)
  return place ? { people: those, place } : null
}

// --- held: check, and confirm in time ---------------------------------------------------------------------------------

interface HoldProps {
  id: string
  booked: Booked
  reload: () => void
  lapse: () => void
}

function Hold({ id, booked, reload, lapse }: HoldProps) {
  const until = Date.parse(booked.place.hold_until ?? '')
  const left = useSecondsLeft(until, serverNow)
  useEffect(() => {
    if (left === 0) {
      announce(t('appt.lapsed'))
      lapse()
    }
    // Not every second: a screen reader would say nothing else.
    else if (left % 60 === 0 || left === 30 || left === 10) announce(`${t('appt.left')}: ${span(left)}`)
  }, [left])
  const confirming = useAction(async () => {
    try {
      await call('/appointment/confirm', { body: { appointment_id: id }, signedIn: true })
    } catch (problem) {
      if (problem instanceof Problem && problem.code === 'TIKA0001') return lapse()
      throw problem
    }
    tab.write(`held.${id}`, null)
    say(() => t('appt.done'), { here: true })
    reload()
    scrollTo(0, 0)
  })
  const dropping = useAction(async () => {
    await giveBack(id)
    leave(id)
  })
  return (
    <>
      <Title>{t('appt.hold')}</Title>
      <div class={left <= 60 ? 'timer soon' : 'timer'} role="timer" aria-label={`${t('appt.left')}: ${span(left)}`}>
        <span aria-hidden="true">{t('appt.left')}</span>
        <b aria-hidden="true">{countdown(left)}</b>
      </div>
      <Details booked={booked} />
      <div class="act">
        <Trouble problem={confirming.problem ?? dropping.problem} />
        <Do action={confirming} label="appt.confirm" />
        <Do action={dropping} label="appt.drop" kind="plain" />
      </div>
    </>
  )
}

/** The places of `people`, or of everybody where that is left out. */
async function giveBack(id: string, people?: string[]): Promise<void> {
  await call('/appointment/cancel', { body: { appointment_id: id, beneficiariesToCancel: people }, signedIn: true })
}

function leave(id: string): void {
  tab.write(`held.${id}`, null)
  say(() => t('appt.cancelled'))
  go('/people')
}

function Gone({ id }: { id: string }) {
  const place = tab.read<HeldPlace>(`held.${id}`)
  if (!place) {
    return (
      <>
        <Title>{t('appt.none')}</Title>
        <p>{t('appt.none.text')}</p>
        <LinkButton to="/people" label="nav.people" />
        <LinkButton to="/find" label="nav.find" kind="plain" />
      </>
    )
  }
  return (
    <>
      <Title>{t('appt.lapsed')}</Title>
      <Note kind="bad">{t('appt.lapsed.text')}</Note>
      <LinkButton to={place.address} label="appt.retry" />
      <LinkButton to="/find" label="nav.find" kind="plain" />
    </>
  )
}

// --- booked: the slip -------------------------------------------------------------------------------------------------

function Slip({ id, booked, reload }: { id: string; booked: Booked; reload: () => void }) {
  const [asking, setAsking] = useState(false)
  // Not shown any more from the moment that they are said to have cancelled, before the list is loaded again.
  const [gone, setGone] = useState<string[]>([])
  const { place } = booked
  const people = booked.people.filter((person) => !gone.includes(person.beneficiary_reference_id))
  const loading = useAction(async () => {
    save(await download(`/appointment/appointmentslip/download${query({ appointment_id: id })}`), 'appointment-slip.pdf')
  })
  const find = to('/find', { by: 'pin', pin: String(place.pincode), dose: String(place.dose), move: id })
  return (
    <>
      <Title>{t('appt.title')}</Title>
      <div class="secret">
        <p>{t('appt.code')}</p>
        <b>{place.secret_code}</b>
        <p class="hint">{t('appt.code.hint')}</p>
      </div>
      <Details booked={{ people, place }} />
      <p>{t('appt.bring')}</p>
      <div class="act">
        <Trouble problem={loading.problem} />
        <Do action={loading} label="appt.slip" />
        <button type="button" class="plain" onClick={() => print()}>
          {t('appt.print')}
        </button>
        <LinkButton to={find} label="appt.move" kind="plain" />
        {asking ? (
          <Cancel
            id={id}
            people={people}
            stop={() => setAsking(false)}
            done={(cancelled) => {
              setGone([...gone, ...cancelled])
              setAsking(false)
              reload()
            }}
          />
        ) : (
          <button type="button" class="plain warn" onClick={() => setAsking(true)}>
            {t('appt.cancel')}
          </button>
        )}
      </div>
    </>
  )
}

interface CancelProps {
  id: string
  people: Person[]
  stop: () => void
  /** Called with the people who have no place any more, where others still have theirs. */
  done: (cancelled: string[]) => void
}

/** Asks once more; where several people have the appointment, also who of them gives up the place. */
function Cancel({ id, people, stop, done }: CancelProps) {
  const several = people.length > 1
  const [chosen, setChosen] = useState<string[]>([])
  const [wrong, setWrong] = useState(false)
  const cancelling = useAction(async () => {
    await giveBack(id, several ? chosen : undefined)
    if (!several || chosen.length === people.length) return leave(id)
    const names = people.filter((person) => chosen.includes(person.beneficiary_reference_id)).map((person) => person.name)
    say(() => t('appt.cancelled.for', { names: names.join(', ') }), { here: true })
    done(chosen)
    scrollTo(0, 0)
  })
  const submit = (event: Event) => {
    event.preventDefault()
    const missing = several && !chosen.length
    setWrong(missing)
    if (missing) focusWrong('cancel-first')
    else cancelling.run()
  }
  const pick = (one: string, on: boolean) => {
    setChosen(on ? [...chosen, one] : chosen.filter((id) => id !== one))
    setWrong(false)
  }
  return (
    <Sure question={t('appt.ask')}>
      <form onSubmit={submit} noValidate>
        {several && (
          <fieldset class={wrong ? 'wrong' : undefined}>
            <legend>{t('appt.ask.who')}</legend>
            {wrong && (
              <p class="error" id="cancel-error">
                {t('book.pick.who')}
              </p>
            )}
            {people.map((person, index) => (
              <label key={person.beneficiary_reference_id} class="option">
                <input
                  id={index === 0 ? 'cancel-first' : undefined}
                  type="checkbox"
                  checked={chosen.includes(person.beneficiary_reference_id)}
                  aria-describedby={wrong ? 'cancel-error' : undefined}
                  onChange={(event) => pick(person.beneficiary_reference_id, event.currentTarget.checked)}
                />
                <b>{person.name}</b>
              </label>
            ))}
          </fieldset>
        )}
        <Trouble problem={cancelling.problem} />
        <Do action={cancelling} label="appt.yes" kind="danger" submit />
        <button type="button" class="plain" onClick={stop}>
          {t('appt.no')}
        </button>
      </form>
    </Sure>
  )
}

/** Hand a file to the browser's downloads. It is made here, since a plain link could carry no token. */
function save(file: Blob, name: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(file)
  link.download = name
  document.body.append(link)
  link.click()
  link.remove()
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}

function Details({ booked: { people, place } }: { booked: Booked }) {
  return (
    <section class="card">
      <dl class="facts tall">
        <div>
          <dt>{t('appt.when')}</dt>
          <dd>
            <b>{fullDay(place.date)}</b>
            <br />
            <b>{slotTime(place.slot)}</b>
          </dd>
        </div>
        <div>
          <dt>{t('appt.where')}</dt>
          <dd>
            <b lang={place.name_l ? undefined : 'en'}>{place.name_l || place.name}</b>
            <br />
            <span lang={place.address_l ? undefined : 'en'}>{place.address_l || place.address}</span>,{' '}
            <span lang="en">{place.district_name}</span> {place.pincode}
          </dd>
        </div>
        <div>
          <dt>{t('appt.who')}</dt>
          <dd>
            <ul>
              {people.map((person) => (
                <li key={person.beneficiary_reference_id}>
                  <b>{person.name}</b>
                  <br />
                  <PhotoIdName type={person.photo_id_type} /> {shortened(person.photo_id_number)}
                </li>
              ))}
            </ul>
          </dd>
        </div>
        <div>
          <dt>{t('find.vaccine')}</dt>
          <dd>
            <span lang="en">{place.vaccine}</span>, {t(`dose.${place.dose}`)}
          </dd>
        </div>
        {place.status === 'BOOKED' && (
          <div class="small">
            <dt>{t('appt.number')}</dt>
            <dd class="long">{place.appointment_id}</dd>
          </div>
        )}
      </dl>
    </section>
  )
}

import { useEffect, useState } from 'preact/hooks'
import type { Appointment as Standing, Person } from '../api'
import { Problem, call, download, myPeople, query, serverNow } from '../api'
import { countdown, fullDay, slotTime, span } from '../format'
import { useAction, useLoaded, useSecondsLeft } from '../hooks'
import { t } from '../i18n'
import { LinkButton, LoadTrouble, Note, Title, Trouble, Waiting, Do, announce, say } from '../ui'
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
  const dropping = useAction(() => cancel(id))
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

async function cancel(id: string): Promise<void> {
  await call('/appointment/cancel', { body: { appointment_id: id }, signedIn: true })
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
  const { place } = booked
  const loading = useAction(async () => {
    save(await download(`/appointment/appointmentslip/download${query({ appointment_id: id })}`), 'appointment-slip.pdf')
  })
  const cancelling = useAction(async () => {
    try {
      await cancel(id)
    } catch (problem) {
      if (problem instanceof Problem && problem.code === 'TIKA0008') reload()
      throw problem
    }
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
      <Details booked={booked} />
      <p>{t('appt.bring')}</p>
      <div class="act">
        <Trouble problem={loading.problem} />
        <Do action={loading} label="appt.slip" />
        <button type="button" class="plain" onClick={() => print()}>
          {t('appt.print')}
        </button>
        <LinkButton to={find} label="appt.move" kind="plain" />
        {asking ? (
          <Sure question={t('appt.ask')}>
            <Trouble problem={cancelling.problem} />
            <Do action={cancelling} label="appt.yes" kind="danger" />
            <button type="button" class="plain" onClick={() => setAsking(false)}>
              {t('appt.no')}
            </button>
          </Sure>
        ) : (
          <button type="button" class="plain warn" onClick={() => setAsking(true)}>
            {t('appt.cancel')}
          </button>
        )}
      </div>
    </>
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

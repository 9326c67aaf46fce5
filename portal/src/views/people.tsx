import { useEffect, useState } from 'preact/hooks'
import type { Person } from '../api'
import { call, myPeople } from '../api'
import { fullDay, number, slotTime, today, year } from '../format'
import { useAction, useGet, useLoaded } from '../hooks'
import type { Key } from '../i18n'
import { t } from '../i18n'
import { Link, go, to, useAddress } from '../router'
import { signOut } from '../session'
import { useDraft } from '../store'
import { Do, Field, LinkButton, LoadTrouble, Note, Title, Trouble, Waiting, digitsOnly, focusWrong, latinDigits, say } from '../ui'
import { local } from './sign-in'

export const MOST = 4
const CONSENT_VERSION = '1'

export const dosesOf = (person: Person): 0 | 1 | 2 =>
  person.vaccination_status === 'Vaccinated' ? 2 : person.vaccination_status === 'Partially Vaccinated' ? 1 : 0

export function People() {
  const { data, problem, loading, reload } = useLoaded('people', myPeople)
  return (
    <>
      <Title>{t('people.title')}</Title>
      {problem && <LoadTrouble problem={problem} reload={reload} />}
      {loading && !data && <Waiting />}
      {data && (
        <>
          {data.length === 0 && <Note>{t('people.none')}</Note>}
          <ul class="people">
            {data.map((person) => (
              <li key={person.beneficiary_reference_id} class="card">
                <OnePerson person={person} reload={reload} />
              </li>
            ))}
          </ul>
          {data.length < MOST ? (
            <>
              <LinkButton to="/people/new" label="people.add" kind={data.length ? 'plain' : 'main'} />
              {data.length > 0 && <p class="hint">{t('people.left', { count: number(MOST - data.length) })}</p>}
            </>
          ) : (
            <p class="hint">{t('people.most')}</p>
          )}
        </>
      )}
      <button
        type="button"
        class="plain"
        onClick={() => {
          signOut()
          go('/')
        }}
      >
        {t('sign.out')}
      </button>
    </>
  )
}

function OnePerson({ person, reload }: { person: Person; reload: () => void }) {
  const [asking, setAsking] = useState(false)
  const name = person.name
  const doses = dosesOf(person)
  const removing = useAction(async () => {
    const body = { beneficiary_reference_id: person.beneficiary_reference_id }
    await call('/registration/beneficiary/delete', { body, signedIn: true })
    say(() => t('people.removed', { name }), { here: true })
    reload()
  })
  const standing = person.appointments
  return (
    <>
      <h2>{name}</h2>
      <p class={`status s${doses}`}>{t(`status.${doses}`)}</p>
      <dl class="facts">
        <div>
          <dt>{t('person.year')}</dt>
          <dd>{year(Number(person.birth_year))}</dd>
        </div>
        <div>
          <dt>
            <PhotoIdName type={person.photo_id_type} />
          </dt>
          <dd>{shortened(person.photo_id_number)}</dd>
        </div>
        <div>
          <dt>{t('people.number')}</dt>
          <dd>{person.beneficiary_reference_id}</dd>
        </div>
        {person.dose1_date && <Given name="dose.1" vaccine={person.vaccine} day={person.dose1_date} />}
        {person.dose2_date && <Given name="dose.2" vaccine={person.vaccine} day={person.dose2_date} />}
      </dl>
      {standing.map((appointment) => (
        <div class={`standing ${appointment.status}`} key={appointment.appointment_id + appointment.dose}>
          <p>
            <b>{t(`status.${appointment.status}`)}</b>
          </p>
          <p>
            {fullDay(appointment.date)}, {slotTime(appointment.slot)}
          </p>
          <p lang={appointment.name_l ? undefined : 'en'}>{appointment.name_l || appointment.name}</p>
          <Link class="button main" to={`/appointment/${appointment.appointment_id}`}>
            {t(appointment.status === 'HELD' ? 'appt.hold' : 'people.open')}
          </Link>
        </div>
      ))}
      {standing.length === 0 && doses < 2 && (
        <LinkButton to={to('/find', { dose: String(doses + 1) })} label="people.book" />
      )}
      {standing.length === 0 && doses === 0 && !asking && (
        <button type="button" class="plain" onClick={() => setAsking(true)}>
          {t('people.remove', { name })}
        </button>
      )}
      {asking && (
        <Sure question={t('people.ask', { name })}>
          <Do action={removing} label="people.yes" kind="danger" />
          <button type="button" class="plain" onClick={() => setAsking(false)}>
            {t('people.no')}
          </button>
        </Sure>
      )}
      <Trouble problem={removing.problem} />
    </>
  )
}

/** A question before something that cannot be undone; it takes the focus. */
export function Sure({ question, children }: { question: string; children: preact.ComponentChildren }) {
  useEffect(() => document.getElementById('sure')?.focus(), [])
  return (
    <div class="sure" role="group" aria-labelledby="sure">
      <p id="sure" tabIndex={-1}>
        {question}
      </p>
      {children}
    </div>
  )
}

const Given = ({ name, vaccine, day }: { name: Key; vaccine: string; day: string }) => (
  <div>
    <dt>{t(name)}</dt>
    <dd>
      <span lang="en">{vaccine}</span>, {fullDay(day)}
    </dd>
  </div>
)

/** A kind of photo id in the reader's language; the list of people has only the English name. */
export function PhotoIdName({ type }: { type: string }) {
  const { data } = useGet<{ types: IdType[] }>('/registration/beneficiary/idTypes')
  const named = data?.types.find((one) => one.type === type)?.type_l
  return <span lang={named ? undefined : 'en'}>{named || type}</span>
}

/** "********1234" as "…1234": a screen reader would read each star. */
export const shortened = (masked: string): string => masked.replace(/^\*+/, '…\u00a0')

// --- adding somebody --------------------------------------------------------------------------------------------------

interface Typed {
  name: string
  birth_year: string
  gender_id: string
  photo_id_type: string
  photo_id_number: string
  ill: boolean
  consent: boolean
}

const EMPTY: Typed = {
  name: '',
  birth_year: '',
  gender_id: '',
  photo_id_type: '',
  photo_id_number: '',
  ill: false,
  consent: false,
}

type Wrong = Partial<Record<keyof Typed, Key>>

/** What is wrong with what was typed, before the service is asked; it has the last word. */
export function check(typed: Typed): Wrong {
  const wrong: Wrong = {}
  if (!typed.name.trim()) wrong.name = 'required'
  const born = Number(digitsOnly(typed.birth_year))
  if (!/^\d{4}$/.test(digitsOnly(typed.birth_year)) || born < 1900 || born > Number(today().slice(6))) {
    wrong.birth_year = 'err.year'
  }
  if (!typed.gender_id) wrong.gender_id = 'required'
  if (!typed.photo_id_type) wrong.photo_id_type = 'required'
  if (!typed.photo_id_number.trim()) wrong.photo_id_number = 'required'
  if (!typed.consent) wrong.consent = 'required'
  return wrong
}

interface Gender {
  id: number
  gender: string
  gender_l?: string
}

interface IdType {
  id: number
  type: string
  type_l: string
}

export function NewPerson() {
  const { query } = useAddress()
  const [typed, setTyped, forget] = useDraft<Typed>('person', EMPTY)
  const [wrong, setWrong] = useState<Wrong>({})
  const genders = useGet<{ genders: Gender[] }>('/registration/beneficiary/genders')
  const idTypes = useGet<{ types: IdType[] }>('/registration/beneficiary/idTypes')
  const saving = useAction(async () => {
    const body = {
      name: typed.name,
      birth_year: digitsOnly(typed.birth_year),
      gender_id: Number(typed.gender_id),
      photo_id_type: Number(typed.photo_id_type),
      photo_id_number: latinDigits(typed.photo_id_number),
      comorbidity_ind: typed.ill ? 'Y' : 'N',
      consent_version: CONSENT_VERSION,
    }
    await call('/registration/beneficiary/new', { body, signedIn: true })
    forget()
    say(() => t('person.saved', { name: typed.name.trim() }))
    go(local(query.get('next')) ?? '/people', { replace: true })
  })
  const field = saving.problem?.field as keyof Typed | null | undefined
  const errors: Wrong = field && field in EMPTY && saving.problem ? { ...wrong, [field]: saving.problem.key } : wrong
  const change = (name: keyof Typed, value: string | boolean) => {
    setTyped({ ...typed, [name]: value })
    setWrong({ ...wrong, [name]: undefined })
    if (field === name) saving.clear()
  }
  const submit = (event: Event) => {
    event.preventDefault()
    const found = check(typed)
    setWrong(found)
    const first = (Object.keys(EMPTY) as (keyof Typed)[]).find((name) => found[name])
    if (first) focusWrong(first)
    else saving.run()
  }
  const text = (name: 'name' | 'birth_year' | 'photo_id_number', label: Key, hint: Key | null, more: object) => (
    <Field id={name} label={t(label)} hint={hint ? t(hint) : undefined} error={errors[name]}>
      {(ids) => (
        <input
          {...ids}
          {...more}
          type="text"
          value={typed[name]}
          onInput={(event) => change(name, event.currentTarget.value)}
        />
      )}
    </Field>
  )
  const pick = (name: 'gender_id' | 'photo_id_type', label: Key, options: [number, string][]) => (
    <Field id={name} label={t(label)} error={errors[name]}>
      {(ids) => (
        <select {...ids} value={typed[name]} onChange={(event) => change(name, event.currentTarget.value)}>
          <option value="">{t('choose')}…</option>
          {options.map(([id, text]) => (
            <option key={id} value={String(id)} selected={String(id) === typed[name]}>
              {text}
            </option>
          ))}
        </select>
      )}
    </Field>
  )
  const tick = (name: 'ill' | 'consent', label: Key) => (
    <div class={errors[name] ? 'field wrong' : 'field'}>
      {errors[name] && (
        <p class="error" id={`${name}-error`}>
          {t(errors[name])}
        </p>
      )}
      <label class="tick">
        <input
          id={name}
          type="checkbox"
          checked={typed[name]}
          aria-describedby={errors[name] ? `${name}-error` : undefined}
          aria-invalid={errors[name] ? 'true' : undefined}
          onChange={(event) => change(name, event.currentTarget.checked)}
        />
        {t(label)}
      </label>
    </div>
  )
  const trouble = genders.problem ?? idTypes.problem
  return (
    <>
      <Title>{t('people.add')}</Title>
      <form class="card" onSubmit={submit} noValidate>
        {text('name', 'person.name', 'person.name.hint', { autocomplete: 'off', maxLength: 100, autocapitalize: 'words' })}
        {text('birth_year', 'person.year', null, { inputMode: 'numeric', autocomplete: 'off', maxLength: 4, class: 'short' })}
        {pick('gender_id', 'person.gender', genders.data?.genders.map((one) => [one.id, one.gender_l || one.gender]) ?? [])}
        {pick('photo_id_type', 'person.type', idTypes.data?.types.map((one) => [one.id, one.type_l || one.type]) ?? [])}
        {text('photo_id_number', 'person.id', 'person.id.hint', { autocomplete: 'off', maxLength: 40, spellcheck: false })}
        {tick('ill', 'person.ill')}
        {tick('consent', 'person.consent')}
        {trouble && <LoadTrouble problem={trouble} reload={genders.problem ? genders.reload : idTypes.reload} />}
        <div role="status">{Object.values(wrong).some(Boolean) && <Note kind="bad">{t('check')}</Note>}</div>
        <Trouble problem={saving.problem} />
        <Do action={saving} label="person.save" submit />
      </form>
      <LinkButton to={local(query.get('next')) ?? '/people'} label="back" kind="plain" />
    </>
  )
}

import type { Status } from '../api'
import { dayOf, number, rupees, timeOf } from '../format'
import { useGet } from '../hooks'
import { t } from '../i18n'
import { LinkButton, LoadTrouble, Note, Title, Waiting } from '../ui'
import { PinForm } from './find'

export function Home() {
  const { data, problem, reload } = useGet<Status>('/status')
  return (
    <>
      <Title>{t('home.title')}</Title>
      {/* Of the same height before and after, so that nothing jumps under a finger. */}
      <div class="opening">
        {data ? <Opening status={data} /> : problem ? <LoadTrouble problem={problem} reload={reload} /> : <Waiting />}
      </div>
      <section class="card">
        <h2>{t('nav.find')}</h2>
        <PinForm />
        <div class="pair">
          <LinkButton to="/find?by=district" label="find.district" kind="plain" />
          <LinkButton to="/find?by=near" label="find.near" kind="plain" />
        </div>
      </section>
      <section>
        <h2>{t('home.how')}</h2>
        <ol class="steps">
          <li>{t('home.step1')}</li>
          <li>{t('home.step2')}</li>
          <li>{t('home.step3')}</li>
        </ol>
        <LinkButton to="/people" label="nav.people" kind="plain" />
      </section>
      {data && data.vaccines.length > 0 && (
        <section>
          <p>{t('home.price')}</p>
          <ul class="prices">
            {data.vaccines.map(({ vaccine, fee_ceiling }) => (
              <li key={vaccine}>
                <span lang="en">{vaccine}</span> <b>{rupees(fee_ceiling)}</b>
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  )
}

function Opening({ status }: { status: Status }) {
  const opens = new Date(status.opens_at)
  const age = number(status.min_age)
  if (status.open) return <Note kind="good">{t('home.open', { age })}</Note>
  return <Note>{t('home.closed', { date: dayOf(opens), time: timeOf(opens), age })}</Note>
}

import type { Status } from '../api'
import { span, timeOf } from '../format'
import { useGet } from '../hooks'
import type { Key } from '../i18n'
import { t } from '../i18n'
import { Again, Title, Waiting } from '../ui'

const LATE_S = 60

export function Health() {
  const { data, problem, loading, reload } = useGet<Status>('/status')
  const service: Key = problem ? 'health.down' : data?.open ? 'health.ok' : 'health.closed'
  return (
    <>
      <Title>{t('health.title')}</Title>
      {loading && !data ? (
        <Waiting />
      ) : (
        <dl class="health">
          <Part name="health.page" good text={t('health.ok')} />
          <Part name="health.service" good={service === 'health.ok'} text={t(service)} />
          <Counts status={problem ? null : data} />
        </dl>
      )}
      {data && !problem && <p>{t('health.asked', { time: timeOf(new Date(data.now)) })}</p>}
      <p>{t('health.calm')}</p>
      <Again problem={problem} reload={reload} label="find.again" kind="plain" />
    </>
  )
}

function Counts({ status }: { status: Status | null }) {
  if (!status) return <Part name="health.counts" text={t('health.down')} />
  const late = status.counts.lag_seconds
  if (late === null) return <Part name="health.counts" good text={t('health.unknown')} />
  if (late > LATE_S) return <Part name="health.counts" text={t('health.slow', { time: span(late) })} />
  return <Part name="health.counts" good text={t('health.ok')} />
}

const Part = ({ name, good = false, text }: { name: Key; good?: boolean; text: string }) => (
  <div class={good ? 'good' : 'bad'}>
    <dt>{t(name)}</dt>
    <dd>{text}</dd>
  </div>
)

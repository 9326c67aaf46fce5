import { useEffect } from 'preact/hooks'
import { useOnline } from './hooks'
import { LANGUAGES, speak, spoken, t } from './i18n'
import { Link, useAddress } from './router'
import { useStore } from './store'
import { Announcer, Said, turnPage } from './ui'
import { Appointment } from './views/appointment'
import { Book } from './views/book'
import { Find } from './views/find'
import { Health } from './views/health'
import { Home } from './views/home'
import { Missing } from './views/missing'
import { NewPerson, People } from './views/people'
import { Protected, SignInView } from './views/sign-in'

export function App() {
  const { path } = useAddress()
  const { language } = useStore(spoken)
  useEffect(turnPage, [path])
  return (
    <>
      <a class="skip" href="#main" onClick={skip}>
        {t('nav.skip')}
      </a>
      <Header path={path} />
      <Offline />
      <main id="main" tabIndex={-1} key={language}>
        <Said />
        <View path={path} key={path} />
      </main>
      <footer>
        <Link to="/health">{t('nav.health')}</Link>
      </footer>
      <Announcer />
    </>
  )
}

function skip(event: Event) {
  event.preventDefault() // the address stays as it is
  document.getElementById('main')?.focus()
}

function View({ path }: { path: string }) {
  if (path === '/') return <Home />
  if (path === '/find') return <Find />
  if (path === '/book') return <Book />
  if (path === '/sign-in') return <SignInView />
  if (path === '/health') return <Health />
  if (path === '/people') return <Protected title="people.title" view={() => <People />} />
  if (path === '/people/new') return <Protected title="people.add" view={() => <NewPerson />} />
  const id = /^\/appointment\/([0-9a-f-]{36})$/.exec(path)?.[1]
  if (id) return <Protected title="appt.title" view={() => <Appointment id={id} />} />
  return <Missing />
}

function Header({ path }: { path: string }) {
  const here = (to: string) => (path === to ? { 'aria-current': 'page' as const } : {})
  return (
    <header>
      <div class="bar">
        <Link to="/" class="brand" {...here('/')}>
          <img src="/icon.svg" alt="" width="32" height="32" />
          <span aria-hidden="true">Tika</span>
          <span class="unseen">Tika: {t('nav.home')}</span>
        </Link>
        <Languages />
      </div>
      <nav aria-label={t('nav.main')}>
        <Link to="/find" {...here('/find')}>
          {t('nav.find')}
        </Link>
        <Link to="/people" {...here('/people')}>
          {t('nav.people')}
        </Link>
      </nav>
    </header>
  )
}

function Languages() {
  const { language } = useStore(spoken)
  return (
    <label class="languages">
      <span class="unseen">{t('lang')}</span>
      <svg aria-hidden="true" viewBox="0 0 24 24" width="22" height="22">
        <path
          d="M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20zM2 12h20M12 2c3 3 4 6 4 10s-1 7-4 10c-3-3-4-6-4-10s1-7 4-10z"
          fill="none"
          stroke="currentColor"
          stroke-width="1.6"
        />
      </svg>
      <select value={language} onChange={(event) => void speak(event.currentTarget.value, { remember: true })}>
        {Object.entries(LANGUAGES).map(([code, name]) => (
          <option key={code} value={code} lang={code}>
            {name}
          </option>
        ))}
      </select>
    </label>
  )
}

const Offline = () => (
  <div role="status" class="offline">
    {!useOnline() && <p>{t('offline')}</p>}
  </div>
)

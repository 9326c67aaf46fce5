import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Problem } from '../api'
import { Problem as Refused, call, sendCode } from '../api'
import { countdown } from '../format'
import { useAction, useSecondsLeft } from '../hooks'
import type { Key } from '../i18n'
import { t } from '../i18n'
import { go, useAddress } from '../router'
import { session, signIn } from '../session'
import { useDraft, useStore } from '../store'
import { Do, Field, Note, Title, Trouble, announce, digitsOnly, focusWrong } from '../ui'

const RESEND_S = 60
const SLOW_MS = 20_000

interface Asked {
  txnId: string
  mobile: string
  /** When another code may be asked for, in milliseconds. */
  again: number
  /** When the text should be sent: later than at once where many people ask. */
  due: number
}

/** What only somebody signed in sees. Where the sign-in ends, signing in again comes in its place, at the same address. */
export function Protected({ title, view }: { title: Key; view: () => ComponentChildren }) {
  const { token } = useStore(session)
  if (token) return <>{view()}</>
  return (
    <>
      <Title>{t(title)}</Title>
      <SignIn />
    </>
  )
}

export function SignInView() {
  const { token } = useStore(session)
  const { query } = useAddress()
  useEffect(() => {
    if (token) go(local(query.get('next')) ?? '/people', { replace: true })
  }, [token])
  return (
    <>
      <Title>{t('sign.title')}</Title>
      <SignIn />
    </>
  )
}

/** An address of this page, or null: nobody is sent elsewhere by a link that they were given. */
export const local = (next: string | null): string | null => (next && /^\/(?![/\\])/.test(next) ? next : null)

export function SignIn() {
  const { ended } = useStore(session)
  const [mobile, setMobile] = useDraft('mobile', '')
  const [asked, setAsked, forget] = useDraft<Asked | null>('code', null)

  const ask = async (number: string) => {
    const now = Date.now()
    try {
      const { txnId, waitS } = await sendCode(number)
      setAsked({ txnId, mobile: number, again: now + RESEND_S * 1000, due: now + waitS * 1000 })
      announce(t('sign.sent', { mobile: number }))
    } catch (problem) {
      // The earlier code still counts, if it was this tab that asked for it.
      if (problem instanceof Refused && problem.code === 'SENT' && asked?.mobile === number) {
        setAsked({ ...asked, again: now + (problem.retryAfter ?? RESEND_S) * 1000 })
        return
      }
      throw problem
    }
  }

  return (
    <section class="card">
      {ended ? <Note>{t('sign.ended')}</Note> : <Note>{t('sign.needed')}</Note>}
      {asked ? (
        <Code asked={asked} ask={ask} done={forget} other={() => setAsked(null)} />
      ) : (
        <Mobile mobile={mobile} setMobile={setMobile} ask={ask} />
      )}
    </section>
  )
}

interface MobileProps {
  mobile: string
  setMobile: (mobile: string) => void
  ask: (mobile: string) => Promise<void>
}

function Mobile({ mobile, setMobile, ask }: MobileProps) {
  const [error, setError] = useState<Key | null>(null)
  const sending = useAction(() => ask(tenDigits(mobile) ?? ''))
  const submit = (event: Event) => {
    event.preventDefault()
    if (tenDigits(mobile)) {
      setError(null)
      sending.run()
    } else {
      setError('err.mobile')
      focusWrong('mobile')
    }
  }
  return (
    <form onSubmit={submit} noValidate>
      <p>{t('sign.why')}</p>
      <Field id="mobile" label={t('sign.mobile')} error={error}>
        {(ids) => (
          <input
            {...ids}
            type="tel"
            autocomplete="tel-national"
            inputMode="numeric"
            maxLength={20}
            value={mobile}
            onInput={(event) => setMobile(event.currentTarget.value)}
          />
        )}
      </Field>
      <Trouble problem={sending.problem} />
      <Do action={sending} label="sign.send" submit />
    </form>
  )
}

/** The ten digits of an Indian mobile number, however it is written, or null. */
export function tenDigits(written: string): string | null {
  const found = /^(?:(?:00)?910{0,2}|0)?([6-9]\d{9})$/.exec(digitsOnly(written))
  return found?.[1] ?? null
}

interface CodeProps {
  asked: Asked
  ask: (mobile: string) => Promise<void>
  done: () => void
  other: () => void
}

function Code({ asked, ask, done, other }: CodeProps) {
  const [code, setCode] = useState('')
  const [error, setError] = useState<Key | null>(null)
  const field = useRef<HTMLInputElement>(null)
  const again = useSecondsLeft(asked.again)
  const due = useSecondsLeft(asked.due)
  const slow = useSecondsLeft(asked.due + SLOW_MS)
  useEffect(() => field.current?.focus(), [asked.txnId])

  const entering = useAction(async () => {
    const body = { otp: await sha256(code), txnId: asked.txnId }
    const { token } = await call<{ token: string }>('/auth/public/confirmOTP', { body })
    done()
    signIn(token)
  })
  const asking = useAction(async () => {
    setCode('')
    setError(null)
    entering.clear()
    await ask(asked.mobile)
  })
  const submit = (event: Event) => {
    event.preventDefault()
    if (code.length === 6) {
      setError(null)
      entering.run()
    } else {
      setError('err.code.form')
      focusWrong('code')
    }
  }
  const trouble: Problem | null = entering.problem ?? asking.problem
  return (
    <form onSubmit={submit} noValidate>
      <p>{t('sign.sent', { mobile: asked.mobile })}</p>
      <Field id="code" label={t('sign.code')} error={error}>
        {(ids) => (
          <input
            {...ids}
            ref={field}
            class="code"
            type="text"
            autocomplete="one-time-code"
            inputMode="numeric"
            maxLength={20}
            value={code}
            onInput={(event) => {
              const digits = digitsOnly(event.currentTarget.value).slice(0, 6)
              event.currentTarget.value = digits
              setCode(digits)
            }}
          />
        )}
      </Field>
      <Trouble problem={trouble} />
      <Do action={entering} label="sign.go" submit />
      {due > 0 && <p class="hint">{t('sign.wait', { time: countdown(due) })}</p>}
      {slow === 0 && <Note>{t('sign.slow')}</Note>}
      {again > 0 ? (
        <p class="hint">{t('sign.new.in', { time: countdown(again) })}</p>
      ) : (
        <Do action={asking} label="sign.new" kind="plain" />
      )}
      <button type="button" class="plain" onClick={other}>
        {t('sign.other')}
      </button>
    </form>
  )
}

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

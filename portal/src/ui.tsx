import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import type { Problem } from './api'
import { countdown, span } from './format'
import type { Action } from './hooks'
import { useSecondsLeft } from './hooks'
import type { Key } from './i18n'
import { t } from './i18n'
import { Link } from './router'
import { Store, useStore } from './store'

// --- what a screen reader is told -------------------------------------------------------------------------------------

const spokenAloud = new Store('')

/** Have `text` read out when the reader is ready for it. */
export function announce(text: string): void {
  // The same words twice are only read twice if they differ.
  spokenAloud.set(spokenAloud.get() === text ? `${text}\u00a0` : text)
}

export const Announcer = () => (
  <p class="unseen" role="status" aria-live="polite">
    {useStore(spokenAloud)}
  </p>
)

// --- headings, which take the focus when a view appears ---------------------------------------------------------------

let isFirstView = true

export function Title({ children }: { children: string }) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    document.title = `${children} · Tika`
    if (isFirstView) isFirstView = false
    else heading.current?.focus({ preventScroll: true })
  }, [children])
  return (
    <h1 ref={heading} tabIndex={-1}>
      {children}
    </h1>
  )
}

const flash = new Store<{ text: () => string; shown: boolean } | null>(null)

/** Show `text` on the view that comes next, or `here` on this one; asked again where the language changes. */
export const say = (text: () => string, { here = false } = {}): void => flash.set({ text, shown: here })

/** Called at each change of view: what was said stays for one view. */
export function turnPage(): void {
  const said = flash.get()
  if (said) flash.set(said.shown ? null : { ...said, shown: true })
}

export function Said() {
  const said = useStore(flash)
  return (
    <div role="status" class="said">
      {said && <p class="note good">{said.text()}</p>}
    </div>
  )
}

// --- notes ------------------------------------------------------------------------------------------------------------

export const Note = ({ kind = 'info', children }: { kind?: 'info' | 'good' | 'bad'; children: ComponentChildren }) => (
  <div class={`note ${kind}`}>{children}</div>
)

/** Why something did not work; takes the focus, so that nobody misses it. */
export function Trouble({ problem }: { problem: Problem | null }) {
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => {
    box.current?.focus()
  }, [problem])
  if (!problem) return null
  return (
    <div ref={box} tabIndex={-1} role="alert" class="note bad">
      <Reason problem={problem} />
    </div>
  )
}

/** Something that could not be loaded, with a way on. */
export function LoadTrouble({ problem, reload }: { problem: Problem; reload: () => void }) {
  return (
    <div class="note bad">
      <div role="alert">
        <Reason problem={problem} />
      </div>
      <Again problem={problem} reload={reload} label="again" kind="small" />
    </div>
  )
}

/** What is wrong and how long to wait; a screen reader is told the time once, and not every second. */
function Reason({ problem }: { problem: Problem }) {
  const wait = useSecondsLeft(problem.until)
  return (
    <>
      <p>{problem.words}</p>
      {wait > 0 && (
        <p>
          <span class="unseen">{t('again.in', { time: span(problem.retryAfter ?? 0) })}</span>
          <span aria-hidden="true">{t('again.in', { time: waitTime(wait) })}</span>
        </p>
      )}
    </>
  )
}

interface AgainProps {
  problem: Problem | null
  reload: () => void
  label: Key
  kind: 'small' | 'plain'
}

/** Loads once more, but not sooner than the service asked for. */
export function Again({ problem, reload, label, kind }: AgainProps) {
  const wait = useSecondsLeft(problem?.until ?? 0)
  return (
    <button type="button" class={kind} aria-disabled={wait > 0} onClick={() => wait > 0 || reload()}>
      {t(label)}
      <Left wait={wait} />
    </button>
  )
}

const waitTime = (seconds: number): string => (seconds < 600 ? countdown(seconds) : span(seconds))

const Left = ({ wait }: { wait: number }) => (wait > 0 ? <span class="count"> ({waitTime(wait)})</span> : null)

export const Waiting = () => (
  <p class="waiting" role="status">
    {t('wait')}…
  </p>
)

// --- buttons ----------------------------------------------------------------------------------------------------------

interface DoProps {
  action: Action
  label: Key
  kind?: 'main' | 'plain' | 'danger'
  submit?: boolean
}

/** A button that does something. It stays in reach while it works, so that the focus is not lost. */
export function Do({ action, label, kind = 'main', submit = false }: DoProps) {
  const idle = action.busy || action.wait > 0
  return (
    <button
      type={submit ? 'submit' : 'button'}
      class={kind}
      aria-disabled={idle}
      aria-busy={action.busy}
      onClick={submit ? undefined : () => action.run()}
    >
      {t(label)}
      {action.busy && <span class="spin" aria-hidden="true" />}
      <Left wait={action.wait} />
    </button>
  )
}

export const LinkButton = ({ to, label, kind = 'main' }: { to: string; label: Key; kind?: 'main' | 'plain' }) => (
  <Link to={to} class={`button ${kind}`}>
    {t(label)}
  </Link>
)

// --- fields -----------------------------------------------------------------------------------------------------------

interface FieldProps {
  id: string
  label: string
  hint?: string
  error?: Key | null
  children: (ids: { id: string; 'aria-describedby'?: string; 'aria-invalid'?: 'true' }) => ComponentChildren
}

export function Field({ id, label, hint, error, children }: FieldProps) {
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(' ')
  return (
    <div class={error ? 'field wrong' : 'field'}>
      <label for={id}>{label}</label>
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {error && (
        <p class="error" id={`${id}-error`}>
          {t(error)}
        </p>
      )}
      {children({
        id,
        'aria-describedby': described || undefined,
        'aria-invalid': error ? 'true' : undefined,
      })}
    </div>
  )
}

/** Moves the focus to the first field that is wrong. */
export function focusWrong(id: string): void {
  // After the error is drawn, so that it is read together with the field.
  setTimeout(() => document.getElementById(id)?.focus(), 50)
}

const ZEROS = [0x0966, 0x09e6, 0x0a66, 0x0ae6, 0x0b66, 0x0be6, 0x0c66, 0x0ce6, 0x0d66, 0x0660, 0x06f0]

/** Digits of any Indian script as 0 to 9; the API takes no others. */
export function latinDigits(text: string): string {
  return text.replace(/[^\u0000-\u007f]/g, (char) => {
    const code = char.charCodeAt(0)
    const zero = ZEROS.find((first) => code >= first && code <= first + 9)
    return zero === undefined ? char : String(code - zero)
  })
}

export const digitsOnly = (text: string): string => latinDigits(text).replace(/\D/g, '')

import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { Problem, call } from './api'
import { useStore } from './store'
import { spoken } from './i18n'

const asProblem = (error: unknown): Problem => (error instanceof Problem ? error : new Problem('err.server', 0))

export interface Loaded<T> {
  data: T | null
  problem: Problem | null
  loading: boolean
  reload: () => void
}

/** What `load` gives, asked again when `key` or the language changes, and when the network is back. */
export function useLoaded<T>(key: string | null, load: () => Promise<T>): Loaded<T> {
  const [state, setState] = useState<{ key: string | null; data: T | null; problem: Problem | null; loading: boolean }>({
    key: null,
    data: null,
    problem: null,
    loading: key !== null,
  })
  const [turn, setTurn] = useState(0)
  const { language } = useStore(spoken)
  const reload = useCallback(() => setTurn((n) => n + 1), [])

  useEffect(() => {
    if (key === null) return
    let current = true
    setState((was) => ({ key, data: was.key === key ? was.data : null, problem: null, loading: true }))
    load().then(
      (data) => current && setState({ key, data, problem: null, loading: false }),
      // What was there stays on the page: old counts are better than none, and they say how old they are.
      (error) => current && setState((was) => ({ ...was, problem: asProblem(error), loading: false })),
    )
    return () => {
      current = false
    }
  }, [key, language, turn])

  const isOffline = state.problem?.key === 'err.offline'
  useEffect(() => {
    if (!isOffline) return
    addEventListener('online', reload)
    return () => removeEventListener('online', reload)
  }, [isOffline])

  if (state.key !== key) return { data: null, problem: null, loading: key !== null, reload }
  return { ...state, reload }
}

export const useGet = <T>(path: string | null): Loaded<T> => useLoaded<T>(path, () => call<T>(path ?? ''))

export interface Action {
  run: () => void
  busy: boolean
  problem: Problem | null
  /** Seconds to wait before pressing again makes sense, or 0. */
  wait: number
  clear: () => void
}

/** Something a button does. Pressed again while it runs, or while the service asks to wait, it does nothing. */
export function useAction(act: () => Promise<void>): Action {
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<Problem | null>(null)
  const running = useRef(false)
  const alive = useRef(true)
  useEffect(() => {
    alive.current = true
    return () => {
      alive.current = false
    }
  }, [])
  const until = problem?.until ?? 0
  const wait = useSecondsLeft(until)
  const run = async () => {
    if (running.current || until > Date.now()) return
    running.current = true
    setBusy(true)
    setProblem(null)
    try {
      await act()
    } catch (error) {
      if (alive.current) setProblem(asProblem(error))
    } finally {
      running.current = false
      if (alive.current) setBusy(false)
    }
  }
  return { run, busy, problem, wait, clear: () => setProblem(null) }
}

/** Whole seconds until `instant` (milliseconds by `now`), counted down; 0 once it is past. */
export function useSecondsLeft(instant: number, now: () => number = Date.now): number {
  const left = () => Math.max(0, Math.ceil((instant - now()) / 1000))
  const [, draw] = useState(0)
  const drawn = left()
  useEffect(() => {
    // The phone may have slept between the drawing and this.
    if (left() !== drawn) draw((n) => n + 1)
    if (left() === 0) return
    const timer = setInterval(() => {
      draw((n) => n + 1)
      if (left() === 0) clearInterval(timer)
    }, 1000)
    return () => clearInterval(timer)
  }, [instant])
  return drawn
}

export function useOnline(): boolean {
  const [online, setOnline] = useState(navigator.onLine)
  useEffect(() => {
    const look = () => setOnline(navigator.onLine)
    addEventListener('online', look)
    addEventListener('offline', look)
    return () => {
      removeEventListener('online', look)
      removeEventListener('offline', look)
    }
  }, [])
  return online
}

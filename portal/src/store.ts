import { useEffect, useState } from 'preact/hooks'

/** A value that components watch. */
export class Store<T> {
  private watchers = new Set<() => void>()
  constructor(private value: T) {}

  get(): T {
    return this.value
  }

  set(value: T): void {
    this.value = value
    for (const watcher of [...this.watchers]) watcher()
  }

  watch(watcher: () => void): () => void {
    this.watchers.add(watcher)
    return () => {
      this.watchers.delete(watcher)
    }
  }
}

export function useStore<T>(store: Store<T>): T {
  const [value, setValue] = useState(() => store.get())
  useEffect(() => {
    setValue(() => store.get()) // it may have changed between the first drawing and this
    return store.watch(() => setValue(() => store.get()))
  }, [store])
  return value
}

const PREFIX = 'tika.'

/** What this tab remembers until it is closed; a browser may forbid it, and then nothing is remembered. */
export const tab = {
  read<T>(key: string): T | null {
    try {
      const text = sessionStorage.getItem(PREFIX + key)
      return text === null ? null : (JSON.parse(text) as T)
    } catch {
      return null
    }
  },
  write(key: string, value: unknown): void {
    try {
      if (value === null) sessionStorage.removeItem(PREFIX + key)
      else sessionStorage.setItem(PREFIX + key, JSON.stringify(value))
    } catch {
      // Full or forbidden: the page goes on without.
    }
  },
  clear(): void {
    try {
      for (const key of Object.keys(sessionStorage)) if (key.startsWith(PREFIX)) sessionStorage.removeItem(key)
    } catch {
      // Nothing was kept then.
    }
  },
}

/** Something typed or chosen, that survives errors, signing in again and a reload. */
export function useDraft<T>(key: string, initial: T): [T, (value: T) => void, () => void] {
  const [value, setValue] = useState<T>(() => tab.read<T>(`draft.${key}`) ?? initial)
  const keep = (next: T) => {
    tab.write(`draft.${key}`, next)
    setValue(() => next)
  }
  const forget = () => tab.write(`draft.${key}`, null)
  return [value, keep, forget]
}

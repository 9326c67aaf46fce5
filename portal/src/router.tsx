import type { ComponentChildren } from 'preact'
import { Store, useStore } from './store'

export interface Address {
  path: string
  query: URLSearchParams
  /** The state of the history entry: what this step remembers beyond its address. */
  entry: number
}

let entries = 0

function read(): Address {
  return { path: location.pathname.replace(/(.)\/+$/, '$1'), query: new URLSearchParams(location.search), entry: entries }
}

export const address = new Store<Address>(read())

addEventListener('popstate', () => {
  entries += 1
  address.set(read())
})

export const useAddress = (): Address => useStore(address)

export function go(to: string, { replace = false } = {}): void {
  if (to === location.pathname + location.search) replace = true
  history[replace ? 'replaceState' : 'pushState'](null, '', to)
  if (!replace) {
    entries += 1
    scrollTo(0, 0)
  }
  address.set(read())
}

interface LinkProps {
  to: string
  replace?: boolean
  class?: string
  'aria-current'?: 'page'
  children?: ComponentChildren
}

/** A link within the page; opening it in another tab works as with any link. */
export function Link({ to, replace, ...rest }: LinkProps) {
  return (
    <a
      {...rest}
      href={to}
      onClick={(event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return
        event.preventDefault()
        go(to, { replace })
      }}
    />
  )
}

/** An address with these parts of the query; empty ones are left out. */
export function to(path: string, values: Record<string, string | null | undefined> = {}): string {
  const given = Object.entries(values).filter((pair): pair is [string, string] => Boolean(pair[1]))
  return given.length ? `${path}?${new URLSearchParams(given)}` : path
}

import { Store, tab } from './store'

/** Who is signed in in this tab. `ended`: a sign-in has run out, and the page should say so. */
export interface Session {
  token: string | null
  expiresAt: number
  ended: boolean
}

const NOBODY: Session = { token: null, expiresAt: 0, ended: false }

export const session = new Store<Session>(restored())

function restored(): Session {
  const token = tab.read<string>('token')
  return token && expiry(token) > Date.now() ? { token, expiresAt: expiry(token), ended: false } : NOBODY
}

export function signIn(token: string): void {
  tab.write('token', token)
  session.set({ token, expiresAt: expiry(token), ended: false })
}

/** The token is no longer accepted; drafts stay. */
export function signInEnded(): void {
  if (!session.get().token) return
  tab.write('token', null)
  session.set({ ...NOBODY, ended: true })
}

/** Leaves nothing of the person in this tab. */
export function signOut(): void {
  tab.clear()
  session.set(NOBODY)
}

/** When a token ends, in milliseconds by its own claims and this phone's clock; 0 for what is no token. */
export function expiry(token: string): number {
  try {
    const claims = JSON.parse(atob((token.split('.')[1] ?? '').replace(/-/g, '+').replace(/_/g, '/')))
    return tab.read<number>(`until.${claims.iat}`) ?? remember(claims)
  } catch {
    return 0
  }
}

// A phone's clock may be wrong by hours, so the token's life is counted from when it was first seen here.
function remember(claims: { iat: number; exp: number }): number {
  const until = Date.now() + (claims.exp - claims.iat) * 1000
  if (!Number.isFinite(until)) return 0
  tab.write(`until.${claims.iat}`, until)
  return until
}

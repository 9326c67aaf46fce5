import { render } from 'preact'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Problem } from './api'
import type { Action } from './hooks'
import { useAction, useLoaded, useSecondsLeft } from './hooks'

let root: HTMLElement

beforeEach(() => {
  vi.useFakeTimers()
  root = document.createElement('div')
})
afterEach(async () => {
  await settle() // an effect that is left in the queue would keep those of the next test from running
  render(null, root)
  vi.useRealTimers()
})

/** Time for what was asked to be answered, drawn and taken notice of. */
const settle = (ms = 100) => vi.advanceTimersByTimeAsync(ms)

async function acting(work: () => Promise<void>): Promise<{ current: Action }> {
  const held = {} as { current: Action }
  const Button = () => {
    held.current = useAction(work)
    return null
  }
  render(<Button />, root)
  await settle()
  return held
}

test('pressed again while it runs, an action does nothing', async () => {
  let finish = () => {}
  const work = vi.fn(() => new Promise<void>((resolve) => (finish = resolve)))
  const action = await acting(work)
  action.current.run()
  action.current.run()
  expect(work).toHaveBeenCalledTimes(1)
  finish()
  await settle()
  action.current.run()
  expect(work).toHaveBeenCalledTimes(2)
})

test('an action waits as long as the service asks, counting down', async () => {
  const work = vi.fn(async () => {
    throw new Problem('err.busy', 503, 'TIKA0007', 2)
  })
  const action = await acting(work)
  action.current.run()
  await settle()
  expect([action.current.problem?.key, action.current.wait]).toEqual(['err.busy', 2])
  action.current.run()
  expect(work).toHaveBeenCalledTimes(1)
  await settle(2100)
  expect(action.current.wait).toBe(0)
  action.current.run()
  expect(work).toHaveBeenCalledTimes(2)
})

test('what was loaded stays while loading again fails', async () => {
  const answers = [async () => 'first', async () => Promise.reject(new Problem('err.offline', 0))]
  let seen: { data: string | null; problem: Problem | null; reload: () => void } | undefined
  const List = () => {
    seen = useLoaded('list', () => (answers.shift() ?? (async () => 'third'))())
    return null
  }
  render(<List />, root)
  await settle()
  expect(seen?.data).toBe('first')
  seen?.reload()
  await settle()
  expect([seen?.data, seen?.problem?.key]).toEqual(['first', 'err.offline'])
  dispatchEvent(new Event('online'))
  await settle()
  expect([seen?.data, seen?.problem]).toEqual(['third', null])
})

test('seconds are counted by the clock that is asked, to nothing and no further', async () => {
  let left = -1
  const until = Date.now() + 3000
  const Timer = () => {
    left = useSecondsLeft(until, () => Date.now() + 1000)
    return null
  }
  render(<Timer />, root)
  expect(left).toBe(2)
  await settle(10_000)
  expect(left).toBe(0)
})

test('a phone that sleeps while a countdown begins still sees its end', async () => {
  let left = -1
  const until = Date.now() + 3000
  const Timer = () => {
    left = useSecondsLeft(until)
    return null
  }
  render(<Timer />, root)
  vi.setSystemTime(Date.now() + 60_000)
  await settle()
  expect(left).toBe(0)
})

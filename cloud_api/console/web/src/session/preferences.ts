// What a person chose on this machine. A browser that keeps nothing is fine: the defaults hold.
const PREFIX = 'cityloop.'

/** Returns a kept choice, or null. */
export function recall(name: string): string | null {
  try {
    return localStorage.getItem(PREFIX + name)
  } catch {
    return null
  }
}

/** Keeps a choice, where the browser lets us. */
export function remember(name: string, value: string): void {
  try {
    localStorage.setItem(PREFIX + name, value)
  } catch {
    // a private window: the choice holds until the page is closed
  }
}

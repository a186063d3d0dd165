/** Returns the name of something in a language; in Chinese where it has none in that one. */
export function nameIn(
  language: string,
  named: Readonly<Record<string, string>> | { readonly zh: string; readonly en: string } | null | undefined,
): string {
  const words = named as Readonly<Record<string, string>> | null | undefined
  return words?.[language] ?? words?.zh ?? ''
}

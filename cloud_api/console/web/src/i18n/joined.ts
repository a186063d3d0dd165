/** Words by key, nested as deep as wanted. */
export interface Words {
  [key: string]: string | Words
}

/** Returns the frame's words with those of each page below its folder's name. */
export function joined(frame: Words, pages: Readonly<Record<string, Words>>): Words {
  const named = Object.entries(pages).map(([path, words]) => [path.split('/').at(-2), words])
  return { ...frame, ...(Object.fromEntries(named) as Words) }
}

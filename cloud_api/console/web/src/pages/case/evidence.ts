// Storing evidence: the API takes bytes under their SHA-256 (docs/cloud_api.md).
import { problemOf } from '@/api/problem'

/** Stores a file and returns its hash; a browser hashes only on HTTPS or on this very machine. */
export async function storeEvidence(file: File): Promise<string> {
  const bytes = await file.arrayBuffer()
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  const sha256 = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
  const answer = await fetch(`/v1/evidence/${sha256}`, {
    method: 'PUT',
    headers: { 'Content-Type': file.type, 'X-Requested-With': 'cityloop-console' },
    body: bytes,
  })
  if (!answer.ok) throw await problemOf(answer)
  return sha256
}

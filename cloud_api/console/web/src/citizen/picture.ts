// A telephone's photo, made small enough to send: at most 1600 pixels wide or high, as JPEG.

const LONGEST_PX = 1600
const QUALITY = 0.82

export interface Picture {
  readonly name: string
  readonly base64: string
  /** For showing it on the page. */
  readonly url: string
}

/** Returns a photo as JPEG; drawing it anew leaves out where and with what it was taken. */
export async function takePicture(file: File): Promise<Picture> {
  const bitmap = await createImageBitmap(file, { imageOrientation: 'from-image' })
  const scale = Math.min(1, LONGEST_PX / Math.max(bitmap.width, bitmap.height))
  const canvas = document.createElement('canvas')
  canvas.width = Math.round(bitmap.width * scale)
  canvas.height = Math.round(bitmap.height * scale)
  const context = canvas.getContext('2d')
  if (context === null) throw new Error('this browser cannot draw')
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height)
  bitmap.close()
  const url = canvas.toDataURL('image/jpeg', QUALITY)
  return { name: file.name, base64: url.slice(url.indexOf(',') + 1), url }
}

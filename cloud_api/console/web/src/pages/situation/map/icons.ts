// The map's signs, drawn here: shapes differ, so that nobody needs the colours to tell them apart.
import type { Map as MapLibre } from 'maplibre-gl'
import type { Palette } from './style'

const SIZE = 44
const RATIO = 2
type Draw = (pen: CanvasRenderingContext2D) => void

function sign(map: MapLibre, name: string, draw: Draw): void {
  const canvas = document.createElement('canvas')
  canvas.width = canvas.height = SIZE
  const pen = canvas.getContext('2d')
  if (pen === null) return
  pen.lineJoin = pen.lineCap = 'round'
  draw(pen)
  map.addImage(name, pen.getImageData(0, 0, SIZE, SIZE), { pixelRatio: RATIO })
}

function shape(pen: CanvasRenderingContext2D, corners: readonly (readonly [number, number])[]): void {
  pen.beginPath()
  corners.forEach(([x, y], index) => (index === 0 ? pen.moveTo(x, y) : pen.lineTo(x, y)))
  pen.closePath()
  pen.fill()
  pen.stroke()
}

/** Adds every sign that the style names. */
export function addIcons(map: MapLibre, palette: Palette): void {
  for (const [level, colour] of Object.entries(palette.level)) {
    sign(map, `event-${level}`, (pen) => {
      pen.fillStyle = colour
      pen.strokeStyle = palette.halo
      pen.lineWidth = 4
      shape(pen, [
        [22, 5],
        [39, 22],
        [22, 39],
        [5, 22],
      ])
    })
  }
  const plain = (pen: CanvasRenderingContext2D): void => {
    pen.fillStyle = palette.halo
    pen.strokeStyle = palette.text
    pen.lineWidth = 3
  }
  sign(map, 'camera', (pen) => {
    plain(pen)
    shape(pen, [
      [7, 14],
      [27, 14],
      [27, 20],
      [37, 14],
      [37, 32],
      [27, 26],
      [27, 32],
      [7, 32],
    ])
  })
  sign(map, 'sensor', (pen) => {
    plain(pen)
    pen.beginPath()
    pen.arc(22, 22, 7, 0, 2 * Math.PI)
    pen.fill()
    pen.stroke()
    pen.beginPath()
    pen.arc(22, 22, 14, -0.9, 0.9)
    pen.moveTo(22 - 14 * Math.cos(0.9), 22 - 14 * Math.sin(0.9))
    pen.arc(22, 22, 14, Math.PI + 0.9, Math.PI - 0.9, true)
    pen.stroke()
  })
  sign(map, 'box', (pen) => {
    plain(pen)
    shape(pen, [
      [10, 10],
      [34, 10],
      [34, 34],
      [10, 34],
    ])
  })
  sign(map, 'team', (pen) => {
    plain(pen)
    pen.fillStyle = palette.accent
    pen.beginPath()
    pen.arc(22, 14, 7, 0, 2 * Math.PI)
    pen.fill()
    pen.stroke()
    shape(pen, [
      [9, 38],
      [13, 25],
      [31, 25],
      [35, 38],
    ])
  })
}

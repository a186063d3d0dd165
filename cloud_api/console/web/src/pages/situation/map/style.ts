// The map's style: a plain ground, or configured tiles, with the city's own data on it.
import type {
  ExpressionSpecification,
  LayerSpecification,
  SourceSpecification,
  StyleSpecification,
} from 'maplibre-gl'
import type { Settings } from '@/session/session'
import type { Layer } from '../filters'

export interface Palette {
  readonly ground: string
  readonly line: string
  readonly text: string
  readonly halo: string
  readonly accent: string
  readonly level: Readonly<Record<string, string>>
  readonly lamp: Readonly<Record<string, string>>
}

/** Reads the colours of the present theme. */
export function paletteOf(element: Element): Palette {
  const styles = getComputedStyle(element)
  const of = (name: string): string => styles.getPropertyValue(`--${name}`).trim()
  return {
    ground: of('panel'),
    line: of('field-line'),
    text: of('text'),
    halo: of('ground'),
    accent: of('accent'),
    level: { blue: of('level-blue'), yellow: of('level-yellow'), red: of('level-red') },
    lamp: { green: of('lamp-green'), yellow: of('lamp-yellow'), red: of('lamp-red') },
  }
}

/** Ids of the style's layers by what a person switches on and off. */
export const STYLE_LAYERS: Readonly<Record<Layer, readonly string[]>> = {
  grid: ['grid-fill', 'grid-line', 'grid-name'],
  heat: ['heat-fill'],
  devices: ['devices-cluster', 'devices'],
  teams: ['teams'],
  cases: ['cases-cluster', 'cases-count', 'cases'],
  events: ['events-cluster', 'events'],
}
/** Layers whose features can be picked, the topmost first. */
export const PICKABLE = ['events', 'cases', 'teams', 'devices', 'grid-fill'] as const
export const CLUSTERS = ['events-cluster', 'cases-cluster', 'devices-cluster'] as const

const EMPTY = { type: 'FeatureCollection' as const, features: [] }
const FONT = ['sans-serif']

function clustered(properties: Record<string, ExpressionSpecification>): SourceSpecification {
  return {
    type: 'geojson',
    data: EMPTY,
    cluster: true,
    clusterRadius: 42,
    clusterMaxZoom: 15,
    clusterProperties: properties,
  }
}

function tally(name: string, value: string): ExpressionSpecification {
  return ['+', ['case', ['==', ['get', name], value], 1, 0]]
}

function worst(colours: Readonly<Record<string, string>>, mildest: string): ExpressionSpecification {
  const { red = '', yellow = '' } = colours
  return [
    'case',
    ['>', ['get', 'red'], 0],
    red,
    ['>', ['get', 'yellow'], 0],
    yellow,
    colours[mildest] ?? '',
  ]
}

function ground(settings: Settings['map']): [Record<string, SourceSpecification>, LayerSpecification[]] {
  const address = settings.pmtiles ? `pmtiles://${new URL(settings.pmtiles, location.href).href}` : null
  if (address === null && settings.tiles === null) return [{}, []]
  const source: SourceSpecification = {
    type: 'raster',
    tileSize: 256,
    attribution: settings.attribution,
    ...(address === null ? { tiles: [settings.tiles ?? ''] } : { url: address }),
  }
  return [{ ground: source }, [{ id: 'tiles', type: 'raster', source: 'ground' }]]
}

/** Returns the style for a palette and the configured ground. */
export function styleFor(palette: Palette, settings: Settings['map']): StyleSpecification {
  const [sources, below] = ground(settings)
  return {
    version: 8,
    sources: {
      ...sources,
      grid: { type: 'geojson', data: EMPTY },
      'grid-names': { type: 'geojson', data: EMPTY },
      heat: { type: 'geojson', data: EMPTY },
      devices: clustered({}),
      teams: { type: 'geojson', data: EMPTY },
      cases: clustered({ red: tally('lamp', 'red'), yellow: tally('lamp', 'yellow') }),
      events: clustered({ red: tally('level', 'red'), yellow: tally('level', 'yellow') }),
      picked: { type: 'geojson', data: EMPTY },
    },
    layers: [
      { id: 'background', type: 'background', paint: { 'background-color': palette.ground } },
      ...below,
      ...areas(palette),
      ...devices(palette),
      ...clusters(palette),
      ...points(palette),
    ],
  }
}

function areas(palette: Palette): LayerSpecification[] {
  const lamp: ExpressionSpecification = [
    'match',
    ['get', 'lamp'],
    'red',
    palette.lamp.red ?? '',
    'yellow',
    palette.lamp.yellow ?? '',
    palette.lamp.green ?? '',
  ]
  return [
    {
      id: 'grid-fill',
      type: 'fill',
      source: 'grid',
      paint: {
        'fill-color': lamp,
        'fill-opacity': ['case', ['>', ['get', 'cases'], 0], 0.14, 0.02],
      },
    },
    {
      id: 'heat-fill',
      type: 'fill',
      source: 'heat',
      paint: {
        'fill-color': palette.level.red ?? '',
        'fill-opacity': ['interpolate', ['linear'], ['get', 'share'], 0, 0.12, 1, 0.7],
      },
    },
    {
      id: 'grid-line',
      type: 'line',
      source: 'grid',
      paint: { 'line-color': palette.line, 'line-width': 1, 'line-dasharray': [4, 2] },
    },
    {
      id: 'grid-name',
      type: 'symbol',
      source: 'grid-names',
      minzoom: 11,
      layout: { 'text-field': ['get', 'name'], 'text-font': FONT, 'text-size': 13 },
      paint: { 'text-color': palette.text, 'text-halo-color': palette.halo, 'text-halo-width': 1.5 },
    },
  ]
}

// Devices and people lie below cases and events, which are what one looks for.
function devices(palette: Palette): LayerSpecification[] {
  return [
    {
      id: 'devices-cluster',
      type: 'symbol',
      source: 'devices',
      filter: ['has', 'point_count'],
      layout: {
        'icon-image': 'sensor',
        'icon-allow-overlap': true,
        'text-field': ['get', 'point_count_abbreviated'],
        'text-font': FONT,
        'text-size': 11,
        'text-offset': [0, 1.1],
        'text-optional': true,
      },
      paint: { 'text-color': palette.text, 'text-halo-color': palette.halo, 'text-halo-width': 1.5 },
    },
    {
      id: 'devices',
      type: 'symbol',
      source: 'devices',
      filter: ['!', ['has', 'point_count']],
      layout: { 'icon-image': ['get', 'kind'], 'icon-allow-overlap': true },
    },
    {
      id: 'teams',
      type: 'symbol',
      source: 'teams',
      layout: {
        'icon-image': 'team',
        'icon-allow-overlap': true,
        // who is not told the person sees the unit
        'text-field': ['case', ['==', ['get', 'person'], '****'], ['get', 'unit'], ['get', 'person']],
        'text-font': FONT,
        'text-size': 12,
        'text-offset': [0, 1.2],
        'text-optional': true,
      },
      paint: { 'text-color': palette.text, 'text-halo-color': palette.halo, 'text-halo-width': 1.5 },
    },
  ]
}

function clusters(palette: Palette): LayerSpecification[] {
  const size: ExpressionSpecification = ['step', ['get', 'point_count'], 13, 20, 16, 200, 21, 2000, 27]
  return [
    {
      id: 'cases-cluster',
      type: 'circle',
      source: 'cases',
      filter: ['has', 'point_count'],
      paint: {
        'circle-color': worst(palette.lamp, 'green'),
        'circle-radius': size,
        'circle-stroke-color': palette.halo,
        'circle-stroke-width': 2,
      },
    },
    {
      id: 'cases-count',
      type: 'symbol',
      source: 'cases',
      filter: ['has', 'point_count'],
      layout: {
        'text-field': ['get', 'point_count_abbreviated'],
        'text-font': FONT,
        'text-size': 13,
        'text-allow-overlap': true,
      },
      paint: { 'text-color': palette.halo },
    },
    {
      id: 'events-cluster',
      type: 'symbol',
      source: 'events',
      filter: ['has', 'point_count'],
      layout: {
        'icon-image': [
          'case',
          ['>', ['get', 'red'], 0],
          'event-red',
          ['>', ['get', 'yellow'], 0],
          'event-yellow',
          'event-blue',
        ],
        'icon-size': 1.5,
        'icon-allow-overlap': true,
        'icon-offset': [0, -16],
        'text-field': ['get', 'point_count_abbreviated'],
        'text-font': FONT,
        'text-size': 12,
        'text-offset': [0, -2],
        'text-allow-overlap': true,
      },
      paint: { 'text-color': palette.halo },
    },
  ]
}

function points(palette: Palette): LayerSpecification[] {
  const single: ExpressionSpecification = ['!', ['has', 'point_count']]
  const lamp = palette.lamp
  return [
    {
      id: 'cases',
      type: 'circle',
      source: 'cases',
      filter: single,
      paint: {
        'circle-color': [
          'match',
          ['get', 'lamp'],
          'red',
          lamp.red ?? '',
          'yellow',
          lamp.yellow ?? '',
          lamp.green ?? '',
        ],
        'circle-radius': 7,
        'circle-stroke-color': palette.halo,
        'circle-stroke-width': 2,
      },
    },
    {
      id: 'events',
      type: 'symbol',
      source: 'events',
      filter: single,
      layout: {
        'icon-image': ['concat', 'event-', ['get', 'level']],
        'icon-allow-overlap': true,
        // An event lies where its case lies: it stands above, so that both are seen.
        'icon-offset': [0, -16],
      },
    },
    {
      id: 'picked',
      type: 'circle',
      source: 'picked',
      paint: {
        'circle-color': 'rgba(0,0,0,0)',
        'circle-radius': 15,
        'circle-stroke-color': palette.accent,
        'circle-stroke-width': 3,
      },
    },
  ]
}

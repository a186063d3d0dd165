// What one entry of a case's log says, in a sentence.
import { className, departmentName, stateName } from '@/components/catalogue'
import type { CaseDetail, TimelineEntry } from './caseFile'

type Translate = (key: string, values?: Record<string, unknown>) => string

/** Returns the sentence for an entry; what is unknown is named by its kind. */
export function sentence(
  entry: TimelineEntry,
  detail: CaseDetail,
  t: Translate,
  locale: string,
): string {
  const told = entry.detail
  const who = [departmentName(told.department, locale), told.person].filter(Boolean).join(' · ')
  switch (entry.kind) {
    case 'moved': {
      const to = stateName(detail.flow, told.to_state, locale)
      const from = stateName(detail.flow, told.from_state, locale)
      const more = [who, told.approved_by ? t('case.log.approved', { by: told.approved_by }) : '']
      return [t('case.log.moved', { from, to }), ...more].filter(Boolean).join(' · ')
    }
    case 'assigned':
      return t('case.log.assigned', { who })
    case 'event_revised':
    case 'attached': {
      const event = (told.event ?? {}) as { level?: string; phase?: string }
      return t(`case.log.${entry.kind}`, {
        level: t(`level.${event.level ?? 'blue'}`),
        phase: t(`case.phase.${event.phase ?? 'open'}`),
      })
    }
    case 'subtask_added':
      return t('case.log.subtask_added', { who, what: told.what })
    case 'subtask_finished':
      return t(told.dropped ? 'case.log.subtask_dropped' : 'case.log.subtask_finished', {
        id: told.subtask_id,
      })
    case 'rechecked':
      return t(told.clear ? 'case.log.recheck_clear' : 'case.log.recheck_not', {
        model: told.model,
        percent: Math.round(Number(told.confidence) * 100),
      })
    case 'visited':
      return t(told.satisfied ? 'case.log.satisfied' : 'case.log.unsatisfied')
    case 'climbed':
      return t(`case.log.climbed_${String(told.notice)}`, { lamp: t(`lamp.${String(told.lamp)}`) })
    case 'extended':
      return t('case.log.extended', { clock: clockName(told.clock, t), by: told.approved_by })
    case 'suggested':
    case 'classified':
      return t(`case.log.${entry.kind}`, {
        name: className(told.class_code, locale),
        percent: Math.round(Number(told.confidence ?? 1) * 100),
      })
    case 'opened':
    case 'acknowledged':
    case 'commented':
    case 'flow_changed':
    case 'mode_switched':
    case 'device_ordered':
    case 'device_answered':
      return t(`case.log.${entry.kind}`)
    default:
      return entry.kind
  }
}

const CLOCKS = ['response', 'resolve', 'file', 'dispatch', 'handle', 'feed_back', 'close', 'collect', 'evaluate']

/** Returns what a clock is called. */
export function clockName(clock: unknown, t: Translate): string {
  return CLOCKS.includes(String(clock)) ? t(`case.clock.${String(clock)}`) : String(clock)
}

import type { PageLink } from '@/router/pages'

export default {
  href: '/docs',
  name: 'api',
  group: 'office',
  order: 90,
  icon: 'M8 7 3 12l5 5M16 7l5 5-5 5M13.5 4l-3 16',
  roles: ['admin'],
} satisfies PageLink

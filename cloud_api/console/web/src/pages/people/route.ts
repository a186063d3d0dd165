import type { PageRoute } from '@/router/pages'

export default {
  path: '/people',
  name: 'people',
  group: 'office',
  order: 10,
  whole: true,
  icon: 'M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zm-6 9c0-3.5 2.5-6 6-6s6 2.5 6 6M16 4.5a3.5 3.5 0 0 1 0 6.5m2 3.5c2 .8 3 2.7 3 5.5',
  roles: ['admin'],
  component: () => import('./PeoplePage.vue'),
} satisfies PageRoute

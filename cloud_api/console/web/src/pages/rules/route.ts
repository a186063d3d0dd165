import type { PageRoute } from '@/router/pages'

export default {
  path: '/rules',
  name: 'rules',
  group: 'things',
  order: 20,
  whole: true,
  icon: 'M4 5h16M4 12h10M4 19h7M17 15l2 2 3-4',
  roles: ['reader', 'operator', 'admin'],
  component: () => import('./RulesPage.vue'),
} satisfies PageRoute

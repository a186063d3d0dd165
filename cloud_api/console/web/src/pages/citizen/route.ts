import type { PageLink } from '@/router/pages'

export default {
  href: '/console/citizen.html',
  name: 'citizen',
  order: 70,
  icon: 'M8 3h8v18H8zM11 18h2',
  roles: ['reader', 'operator', 'admin'],
} satisfies PageLink

/** What a role without it is not shown, and what to grant. */
export const NEEDS_MONITOR = 'the role may not see it: GRANT pg_monitor to it'

/** Strokes on a grid of 24, drawn for the console. */
const shapes = {
  pulse: 'M3 12h4l3-8 4 16 3-8h4',
  queue: 'M4 6h16M4 12h16M4 18h10',
  process: 'M5 5h14v14H5zM9 9h6v6H9zM9 2v3M15 2v3M9 19v3M15 19v3M2 9h3M2 15h3M19 9h3M19 15h3',
  clock: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7v5l3.5 2',
  chat: 'M4 5h16v11H9l-5 4z',
  coins:
    'M9 4a5 3 0 1 0 0 6 5 3 0 0 0 0-6zM4 7v5c0 1.7 2.2 3 5 3M15 11a5 3 0 1 0 0 6 5 3 0 0 0 0-6zM10 14v3c0 1.7 2.2 3 5 3s5-1.3 5-3v-3',
  log: 'M6 3h9l4 4v14H6zM9 11h7M9 15h7M9 7h3',
  support: 'M4 14v-2a8 8 0 0 1 16 0v2M4 13h3v6H4zM17 13h3v6h-3zM20 19c0 2-3 2-6 2',
  gift: 'M4 10h16v4H4zM6 14v7h12v-7M12 10v11M12 10C9 10 7 8 8 6s4 0 4 4c0-4 3-6 4-4s-1 4-4 4',
  market: 'M4 9l1.5-5h13L20 9M4 9h16v2a3 3 0 0 1-5.3 1.8 3.5 3.5 0 0 1-5.4 0A3 3 0 0 1 4 11zM6 14v6h12v-6',
  tasks: 'M4 6l2 2 3-4M4 13l2 2 3-4M4 20l2 2 3-4M13 6h7M13 13h7M13 20h7',
  play: 'M7 4.5v15l12-7.5z',
  pause: 'M8 5v14M16 5v14',
  stop: 'M6 6h12v12H6z',
  retry: 'M20 5v5h-5M4 19v-5h5M19.5 10a8 8 0 0 0-14-3M4.5 14a8 8 0 0 0 14 3',
  trash: 'M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v6M14 11v6',
  drain: 'M4 4h16l-6 8v6l-4 2v-8z',
  external: 'M10 5H5v14h14v-5M13 4h7v7M20 4l-9 9',
  check: 'M5 12.5l4.5 4.5L19 7',
  warning: 'M12 4 2.5 20h19zM12 10v5M12 17.5v.5',
  failing: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM9 9l6 6M15 9l-6 6',
  sun: 'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v3M12 19v3M2 12h3M19 12h3M5 5l2 2M17 17l2 2M5 19l2-2M17 7l2-2',
  moon: 'M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5z',
  contrast: 'M12 3a9 9 0 1 0 0 18zM12 3a9 9 0 0 1 0 18M12 8h6M12 12h8M12 16h6',
  language:
    'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM3 12h18M12 3c3 2.5 4 5.5 4 9s-1 6.5-4 9c-3-2.5-4-5.5-4-9s1-6.5 4-9',
  user: 'M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM4 21c0-4 3.5-6 8-6s8 2 8 6',
  signOut: 'M14 4H5v16h9M10 12h11M17 8l4 4-4 4',
  next: 'M9 5l7 7-7 7',
  previous: 'M15 5l-7 7 7 7',
  search: 'M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.5 15.5 21 21',
  copy: 'M8 8h12v12H8zM16 8V4H4v12h4',
  edit: 'M4 20h4L20 8l-4-4L4 16zM13 7l4 4',
  send: 'M4 12 20 4l-5 16-3.5-6.5z',
  plus: 'M12 5v14M5 12h14',
  eye: 'M2 12s3.5-7 10-7 10 7 10 7-3.5 7-10 7-10-7-10-7zM12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6z',
  file: 'M6 3h8l5 5v13H6zM14 3v5h5',
  graph:
    'M6 5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5zM18 4a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5zM13 15a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5zM8.5 7.3l7-.6M7.2 9.7l4.5 5.6M17.2 8.9l-3 6.3',
  upload: 'M12 16V4M7 9l5-5 5 5M4 16v4h16v-4',
  download: 'M12 4v12M7 11l5 5 5-5M4 16v4h16v-4',
  empty: 'M4 13l3-8h10l3 8v6H4zM4 13h5l1.5 3h3L15 13h5',
  drill: 'M12 3v4M12 17v4M3 12h4M17 12h4M12 7a5 5 0 1 0 0 10 5 5 0 0 0 0-10z',
} as const;

export type IconName = keyof typeof shapes;

/** A picture beside a word: it says nothing to screen readers, so a button of it alone needs an `aria-label`. */
export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth={1.8}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={shapes[name]} />
    </svg>
  );
}

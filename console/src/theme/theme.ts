import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from '@mantine/core';

/** The blue-green of deep water; its shade 7 has a contrast of 6:1 with white. */
const harbour: MantineColorsTuple = [
  '#e8f6f9',
  '#d3eaf0',
  '#a7d4e0',
  '#77bccf',
  '#50a8c1',
  '#379bb8',
  '#1f86a3',
  '#176a80',
  '#0f5a6e',
  '#034a5c',
];

/** Slate instead of pure grey: calmer beside the colours of states. */
const dark: MantineColorsTuple = [
  '#d5dae2',
  '#b6bfcb',
  '#97a3b3',
  '#6b7889',
  '#465264',
  '#343f4f',
  '#28323f',
  '#1c242e',
  '#141a22',
  '#0f141a',
];

export const theme = createTheme({
  primaryColor: 'harbour',
  primaryShade: { light: 7, dark: 7 },
  colors: { harbour, dark },
  defaultRadius: 'sm',
  cursorType: 'pointer',
  fontFamily:
    'Inter, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif',
  fontFamilyMonospace: 'ui-monospace, "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace',
  headings: {
    fontWeight: '600',
    sizes: { h1: { fontSize: '1.375rem' }, h2: { fontSize: '1.0625rem' }, h3: { fontSize: '0.9375rem' } },
  },
  focusRing: 'auto',
});

/** Colours that Mantine's own are too pale for: text must have a contrast of 4.5:1 (WCAG AA). */
export const resolveVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-dimmed': '#565f6b',
    '--mantine-color-placeholder': '#66707d',
    '--mantine-color-error': '#b3261e',
    '--mantine-color-anchor': 'var(--mantine-color-harbour-7)',
    '--console-page': '#f6f8fa',
    '--console-surface': '#ffffff',
    '--console-line': '#dfe4ea',
    '--mantine-color-default-border': '#cfd6de',
    '--tone-ok': '#146c3f',
    '--tone-warning': '#845305',
    '--tone-failing': '#b3261e',
    '--tone-info': '#176a80',
    '--tone-neutral': '#525c68',
  },
  dark: {
    '--mantine-color-dimmed': '#9aa7b6',
    '--mantine-color-placeholder': '#8f9cab',
    '--mantine-color-error': '#ff8a80',
    '--mantine-color-anchor': 'var(--mantine-color-harbour-3)',
    '--console-page': '#11161d',
    '--console-surface': '#1a212b',
    '--console-line': '#2c3643',
    '--mantine-color-default-border': '#394453',
    '--tone-ok': '#5fd39a',
    '--tone-warning': '#f2c14e',
    '--tone-failing': '#ff8a80',
    '--tone-info': '#77bccf',
    '--tone-neutral': '#a3afbd',
  },
});

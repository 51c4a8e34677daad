import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Tests run the sources themselves: then so does the process that reads, its types taken off by Node. */
const isSource = import.meta.url.endsWith('.ts');

/** The program that reads one document. */
export const programPath = fileURLToPath(
  new URL(isSource ? './read-document.program.ts' : './read-document.program.js', import.meta.url),
);

/** Sources import each other by the names that they have once they are compiled. */
const resolveSources = `import { registerHooks } from 'node:module';
registerHooks({
  resolve: (specifier, context, next) =>
    next(/^\\.+\\/.*\\.js$/.test(specifier) && context.parentURL?.endsWith('.ts')
      ? specifier.replace(/js$/, 'ts') : specifier, context),
});`;

const MEBIBYTE = 1024 * 1024;
/** The rest is for what V8 does not count among its objects: buffers, code, Node itself. */
const HEAP_SHARE = 0.75;

/**
 * The arguments of Node for a process that may read one file, its own program, and nothing else: no writing, no
 * processes, no threads, no add-ons.
 * @param path the real one, without links
 */
export function programArguments(path: string, memoryBytes: number): string[] {
  const readable = [path, ...ownPaths()];
  return [
    ...[...new Set(readable)].map((each) => `--allow-fs-read=${each}`),
    '--permission',
    '--disallow-code-generation-from-strings',
    `--max-old-space-size=${Math.max(32, Math.floor((memoryBytes * HEAP_SHARE) / MEBIBYTE))}`,
    '--no-warnings',
    ...(isSource ? ['--import', `data:text/javascript,${encodeURIComponent(resolveSources)}`] : []),
  ];
}

/** What the program itself is made of: ours, and the packages, wherever they are above. */
function ownPaths(): string[] {
  const root = fileURLToPath(new URL('../../..', import.meta.url));
  const paths = [join(root, '*')];
  for (let directory = dirname(root); ; directory = dirname(directory)) {
    const manifest = join(directory, 'package.json');
    if (existsSync(manifest)) paths.push(manifest);
    const packages = join(directory, 'node_modules');
    if (existsSync(packages)) paths.push(join(packages, '*'), join(realpathSync(packages), '*'));
    if (directory === dirname(directory)) return paths;
  }
}
